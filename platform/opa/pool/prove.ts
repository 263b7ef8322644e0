import { PdpError } from '../errors.ts';
import { readDecision } from '../validators.ts';
import { askedOf, newOwner } from './job.ts';
import { Lane } from './lane.ts';
import type { ThreadLimits } from './policy-thread.ts';
import type { Program, ProbeQuestion } from './program.ts';
import type { KnownAnswer } from './protocol.ts';
import { loadedInTime } from './loading.ts';

/** For one probe. */
const DEADLINE_MS = 1_000;

/**
 * Loads a program in a thread that is there for nothing else and asks it questions whose answers are known. Whatever it does instead of
 * answering is done to nobody. Gives the program together with what it said, which every later instance of it must say as well.
 * Throws PdpError.
 */
export async function prove(program: Program, probes: readonly ProbeQuestion[], limits: ThreadLimits): Promise<Program> {
  const lane = new Lane({ threads: 1, limits, stall_ms: null, idle_ms: null, isStrict: true, onOffence: () => {} });
  try {
    await loadedInTime(lane.warmUp(program));
    const owner = newOwner(program, DEADLINE_MS);
    const known: KnownAnswer[] = [];
    for (const { input, outcome } of probes) {
      const answer = await askedOf(owner, input, (job) => lane.submit(job));
      assertOutcome(answer, outcome);
      known.push({ input, answer });
    }
    return { ...program, known };
  } finally {
    await lane.close();
  }
}

function assertOutcome(results: string, outcome: string): void {
  const answer = readDecision(JSON.parse(results));
  const given = 'decision' in answer ? answer.decision.outcome : answer.problem;
  if (given !== outcome) throw new PdpError('probe_failed', `a known question was answered with ${given} instead of ${outcome}`);
}
