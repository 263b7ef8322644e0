import type { SimulatedReason } from '@countersign/contracts/policy/author-request.ts';
import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import type { Decision } from '@countersign/contracts/policy/decision.ts';
import type { CompileLayer } from '@countersign/platform/opa/compile/compile-options.ts';
import { dataOf, filesOf } from '@countersign/platform/opa/compile/layers.ts';
import type { CompileReport, RulePlace } from '@countersign/platform/opa/compile/report.ts';
import { startEvaluator } from '@countersign/platform/opa/evaluator.ts';
import { inputProblem, readDecision } from '@countersign/platform/opa/validators.ts';
import { AuthorError } from './errors.ts';

const DEADLINE_MS = 5_000;

export interface Simulated {
  readonly decision: Decision;
  /** In the order of the decision's reasons. */
  readonly reasons: readonly SimulatedReason[];
}

/** Asks the compiled policy as a decision point would, in a thread of its own. @throws AuthorError `request_invalid` for an input that no gateway sends */
export async function simulate(layers: readonly CompileLayer[], report: CompileReport, wasm: Uint8Array, input: unknown): Promise<Simulated> {
  const problem = inputProblem(input);
  if (problem !== null) throw new AuthorError('request_invalid', `The input is not what policy is asked: ${problem}. contracts/policy/input.schema.json describes every field.`);
  const missing = report.reads.filter((fact) => !Object.hasOwn(input as object, fact));
  if (missing.length > 0) throw new AuthorError('request_invalid', `The policy reads ${missing.join(' and ')}, and the input has none. Add them as contracts/policy/input.schema.json describes; a call without them is denied.`);
  const decision = await decide(wasm, JSON.stringify(dataOf(layers)), input);
  const files = filesOf(layers);
  return { decision, reasons: decision.reasons.map(({ rule, message }) => ({ rule, message, place: placeOf(report.rules[rule], files) })) };
}

async function decide(wasm: Uint8Array, data: string, input: unknown): Promise<Decision> {
  const evaluator = await startEvaluator({ wasm, data, entrypoint: DECISION_ENTRYPOINT, deadline_ms: DEADLINE_MS });
  try {
    const read = readDecision(await evaluator.evaluate(JSON.stringify(input)));
    if ('problem' in read) throw new AuthorError('request_invalid', `The policy gives no decision on this input: ${read.problem}. Such a call is denied.`);
    return read.decision;
  } finally {
    await evaluator.close();
  }
}

function placeOf(place: RulePlace | undefined, files: ReadonlyMap<string, string>): SimulatedReason['place'] {
  return place === undefined ? null : { ...place, text: (files.get(place.file) ?? '').split('\n')[place.line - 1] ?? '' };
}
