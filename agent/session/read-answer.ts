import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import schema from '@countersign/contracts/agent/protocol.schema.json' with { type: 'json' };
import { parseStrict } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { Answer } from './cell-connection.ts';
import { SessionError } from './errors.ts';
import type { Problem } from './errors.ts';

const ajv = new Ajv2020({ strict: false }).addSchema(schema);

/** Messages of the cell, by their name in `protocol.schema.json`. */
export type AnswerName = 'enrol_answer' | 'renew_answer' | 'poll_answer' | 'deliver_answer';

/**
 * What the cell answered, as the protocol says it.
 * @throws SessionError `cell_refused` with the cell's own code, `answer_invalid`
 */
export function readAnswer<T>(name: AnswerName, answer: Pick<Answer, 'status' | 'headers' | 'body'>): T {
  if (answer.status < 200 || answer.status > 299) throw readRefusal(answer);
  const value = jsonOf(answer.body);
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${name}`) as ValidateFunction;
  if (validate(value)) return value as T;
  const { instancePath = '', message = '' } = validate.errors?.[0] ?? {};
  throw new SessionError('answer_invalid', `The cell's ${name.replace('_', ' ')} is not what the protocol says: ${instancePath === '' ? 'it' : instancePath} ${message}.`);
}

/** Why the cell did not do what it was asked for, in its own words. */
export function readRefusal({ status, headers, body }: Pick<Answer, 'status' | 'headers' | 'body'>): SessionError {
  const value = jsonOf(body);
  const retryAfter = headers['retry-after'];
  const said = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const problem: Problem = {
    status, code: text(said.code, 'unknown'), detail: text(said.detail, text(said.title, 'it did not say why')),
    retry_after_s: retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null,
  };
  return new SessionError('cell_refused', `The cell refused (${status} ${problem.code}): ${problem.detail}`, { problem });
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value.slice(0, 500) : otherwise;
}

function jsonOf(body: Buffer): unknown {
  try {
    return parseStrict(body, body.length + 1);
  } catch {
    return undefined;
  }
}
