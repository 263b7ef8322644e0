import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';

/**
 * Reads signed bytes as the statement that `schema` describes: in the one canonical spelling, with no member more or less. Undefined for everything
 * else; what was signed is not thereby what we understand.
 */
export function statementReader<Statement>(schema: object): (payload: Uint8Array) => Statement | undefined {
  // With the first statement: an agent without orders does without its memory.
  let validate: ValidateFunction<Statement> | undefined;
  return (payload) => {
    try {
      validate ??= new Ajv2020({ strict: false }).compile<Statement>(schema);
      const value: unknown = parseCanonical(payload);
      return validate(value) ? value : undefined;
    } catch {
      return undefined;
    }
  };
}
