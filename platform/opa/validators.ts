import decisionSchema from '@countersign/contracts/policy/decision.schema.json' with { type: 'json' };
import inputSchema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import type { Decision } from '@countersign/contracts/policy/decision.ts';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, keywords: ['x-keep'] });
const validateInput = ajv.compile(inputSchema);
const validateDecision: ValidateFunction<Decision> = ajv.compile<Decision>(decisionSchema);

/** What is wrong with a policy input, as pointer and words without its values; null where it keeps the contract. */
export function inputProblem(input: unknown): string | null {
  return validateInput(input) ? null : problem(validateInput);
}

/**
 * The decision in an OPA result set. Only exactly one result that keeps the contract is a decision: an undefined rule gives an
 * empty set, which is no permission.
 */
export function readDecision(results: unknown): { decision: Decision } | { problem: string } {
  if (!Array.isArray(results) || results.length !== 1) return { problem: 'policy gave no decision' };
  const entry: unknown = results[0];
  const decision: unknown = typeof entry === 'object' && entry !== null && 'result' in entry ? entry.result : undefined;
  return validateDecision(decision) ? { decision } : { problem: `policy gave a decision that breaks its contract: ${problem(validateDecision)}` };
}

function problem({ errors }: ValidateFunction): string {
  const [first] = errors ?? [];
  return first === undefined ? 'unknown problem' : `${first.instancePath === '' ? 'the document' : first.instancePath} ${first.message ?? first.keyword}`;
}
