import { Ajv2020 } from 'ajv/dist/2020.js';
import schema from '@countersign/contracts/agent/spool-entry.schema.json' with { type: 'json' };
import type { EntryBodies, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });

/** What the cell would not understand of these entries, each with the answer of its order's kind. */
export function contractProblems(entries: readonly SpoolEntry[]): string[] {
  const kinds = new Map(entries.filter(({ kind }) => kind === 'order.accepted').map(({ body }) => [(body as EntryBodies['order.accepted']).order_id, (body as EntryBodies['order.accepted']).kind]));
  return entries.flatMap(({ kind, body }) => {
    const problems = problemsBy(kind, body);
    const { order_id, result } = (kind === 'outcome' ? body : { order_id: '', result: null }) as EntryBodies['outcome'];
    return result === null || result === undefined ? problems : [...problems, ...problemsBy(`${kinds.get(order_id) ?? 'unknown'}_result`, result)];
  });
}

function problemsBy(name: string, value: unknown): string[] {
  const validate = ajv.compile({ ...schema, $id: `urn:test:${name}`, $ref: `#/$defs/${name}` });
  const fits = validate(value);
  ajv.removeSchema(`urn:test:${name}`);
  return fits ? [] : [`${name}: ${ajv.errorsText(validate.errors)}`];
}
