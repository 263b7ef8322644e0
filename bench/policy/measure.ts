import { isDeepStrictEqual } from 'node:util';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { callFiguresOf, hundredths } from './call-figures.ts';
import type { CallFigures } from './call-figures.ts';
import { compiledPolicy, inputs, tenantData } from './situation.ts';
import { startDecisionPoint } from './decision-point.ts';
import { median, sampleCalls, sampleConcurrent } from './samples.ts';
import type { Sample } from './samples.ts';

export interface Extent {
  /** In turns: bare, one at a time, many in flight. The figures are medians of them. */
  readonly rounds: number;
  /** In each round, of each kind. */
  readonly decisions: number;
}

export interface CaseFigures {
  readonly input_bytes: number;
  readonly data_bytes: number;
  /** opa-wasm alone, on one thread: input object in, result object out. */
  readonly bare: CallFigures;
  /** The whole call, one after the other. */
  readonly one_at_a_time: CallFigures;
  /** The whole call, so many in flight. */
  readonly in_flight: CallFigures & { readonly count: number };
  /** CPU time of all threads together, many in flight, against bare: median over the rounds of the ratio within each. */
  readonly cpu_ratio: number;
  /** Whether every decision was the same as bare opa-wasm's. */
  readonly same_answers: boolean;
}

const IN_FLIGHT = 32;
const CASES = [
  { input_bytes: 1_024, data_bytes: 10_240 },
  { input_bytes: 1_024, data_bytes: 1_048_576 },
  { input_bytes: 8_192, data_bytes: 10_240 },
  { input_bytes: 8_192, data_bytes: 1_048_576 },
] as const;

export async function measurePolicy(extent: Extent): Promise<CaseFigures[]> {
  const wasm = await compiledPolicy();
  const figures: CaseFigures[] = [];
  for (const { input_bytes, data_bytes } of CASES) figures.push(await measureCase(wasm, input_bytes, data_bytes, extent));
  return figures;
}

async function measureCase(wasm: Uint8Array, input_bytes: number, data_bytes: number, { rounds, decisions }: Extent): Promise<CaseFigures> {
  const [asked, data] = [await inputs(input_bytes), tenantData(data_bytes)];
  const bare = await loadPolicy(wasm);
  bare.setData(data as object);
  const point = await startDecisionPoint(wasm, data);
  try {
    const same_answers = await agree(asked, bare, point.pdp);
    const input = (n: number): PolicyInput => asked[n % asked.length] as PolicyInput;
    const samples = { bare: [] as Sample[], one: [] as Sample[], many: [] as Sample[] };
    // The first round warms up: V8 compiles the WASM a second time, for speed, while it runs.
    for (let round = 0; round <= rounds; round += 1) {
      const alone = sampleCalls(decisions, (n) => bare.evaluate(input(n), DECISION_ENTRYPOINT));
      const one = await sampleConcurrent(decisions, 1, (n) => point.pdp.decide(input(n)));
      const many = await sampleConcurrent(decisions, IN_FLIGHT, (n) => point.pdp.decide(input(n)));
      if (round === 0) continue;
      samples.bare.push(alone);
      samples.one.push(one);
      samples.many.push(many);
    }
    return {
      input_bytes: canonicalText(asked[0]).length,
      data_bytes: JSON.stringify(data).length,
      bare: callFiguresOf(samples.bare),
      one_at_a_time: callFiguresOf(samples.one),
      in_flight: { ...callFiguresOf(samples.many), count: IN_FLIGHT },
      cpu_ratio: hundredths(median(samples.many.map(({ cpu_us }, round) => cpu_us / (samples.bare[round]?.cpu_us ?? Number.NaN)))),
      same_answers,
    };
  } finally {
    await point.stop();
  }
}

/** Whether the decision point says of every input what opa-wasm alone says. */
async function agree(asked: readonly PolicyInput[], bare: { evaluate(input: unknown, entrypoint: string): unknown }, pdp: { decide(input: PolicyInput): Promise<PolicyDecision> }): Promise<boolean> {
  const answers = await Promise.all(asked.map(async (input) => {
    const { outcome, reasons, obligations } = await pdp.decide(input);
    return isDeepStrictEqual([{ result: { outcome, reasons, obligations } }], bare.evaluate(input, DECISION_ENTRYPOINT));
  }));
  return answers.every(Boolean);
}
