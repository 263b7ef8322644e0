import schema from '@countersign/contracts/agent/spool-entry.schema.json' with { type: 'json' };
import type { ExecuteResult, PrepareResult, ReconcileResult } from '@countersign/contracts/agent/order-results.ts';
import type { EntryBodies, EntryKind } from '@countersign/contracts/agent/spool-entry.ts';
import { compileAlone } from '@countersign/platform/json-schema/compile-alone.ts';

/** What is read of an agent's words beside the bodies of its entries. */
interface Results {
  readonly execute_result: ExecuteResult;
  readonly prepare_result: PrepareResult;
  readonly reconcile_result: ReconcileResult;
}
type Shapes = EntryBodies & Results;

const compile = compileAlone({ strict: false });
const compiled = new Map<string, ReturnType<typeof compile>>();

/** Whether `value` is what the contract says of an entry of this kind, or of a result. What an agent adds to it is of no matter. */
export function isOfShape<Name extends keyof Shapes>(name: Name, value: unknown): value is Shapes[Name] {
  let validate = compiled.get(name);
  if (validate === undefined) {
    validate = compile({ ...schema, $ref: `#/$defs/${name}` });
    compiled.set(name, validate);
  }
  return validate(value) === true;
}

export function isKnownKind(kind: string): kind is EntryKind {
  return Object.hasOwn(schema.$defs, kind) && !kind.endsWith('_result');
}
