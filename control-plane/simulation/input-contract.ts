import inputSchema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import { Ajv } from 'ajv';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { fieldProblem } from '@countersign/platform/http/contract.ts';

/** Draft-07, as `opa check` reads it. All problems at once, for the people who write inputs by hand. */
const validate = new Ajv({ strict: false, allErrors: true }).compile(inputSchema);

/** What is wrong with a policy input, field by field; empty where it keeps the contract. `prefix` is the pointer to it. */
export function inputProblems(input: unknown, prefix: string): FieldProblem[] {
  return validate(input) ? [] : (validate.errors ?? []).map((error) => fieldProblem(error, prefix));
}
