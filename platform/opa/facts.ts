import { FACT_NAMES } from '@countersign/contracts/policy/decision.ts';
import type { FactName, FactSource, PolicyFacts } from '@countersign/contracts/policy/decision.ts';

/** Why a bundle cannot decide: a fact that its rules read is not to be had. */
export interface FactsUnavailable {
  readonly missing: string;
}

/**
 * The facts that a bundle reads, asked for at the same time. A fact that nobody knows of or that cannot be looked up leaves none: rules
 * that compare with an absent number are undefined, and a limit that is undefined does not hold.
 */
export async function gatherFacts(reads: readonly string[], source: FactSource | undefined): Promise<Partial<PolicyFacts> | FactsUnavailable> {
  const names = reads.filter(isFactName);
  const unknown = reads.find((name) => !isFactName(name));
  if (unknown !== undefined) return { missing: `The bundle reads ${unknown}, which this decision point does not know: update it` };
  if (source === undefined) return { missing: `The bundle reads ${names.join(' and ')}, and there is nowhere to look it up` };
  const answers = await Promise.allSettled(names.map(async (name) => [name, await source[name]()] as const));
  const failed = names.filter((_, index) => answers[index]?.status === 'rejected');
  if (failed.length > 0) return { missing: `The bundle reads ${failed.join(' and ')}, and looking it up failed` };
  return Object.fromEntries(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
}

/** A source that looks each fact up once, however often it is asked. */
export function askedOnce({ counters, budget }: FactSource): FactSource {
  return { counters: once(counters), budget: once(budget) };
}

function once<T>(look: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= look());
}

function isFactName(name: string): name is FactName {
  return FACT_NAMES.some((known) => known === name);
}
