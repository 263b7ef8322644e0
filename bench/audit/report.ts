export interface ChainFigures {
  readonly chains: number;
  /** Events per second inserted into a plain table of the same columns and indexes, 200 at a time over two connections; medians of the rounds. */
  readonly plain_per_s: number;
  /** The same by `audit.append_all`, which is how events are written, with nobody sealing them. */
  readonly appended_per_s: number;
  /** The same with the sequencer at work, until the last event was sealed: linked, hashed, in its tree, its chain's head moved, and all of it committed. */
  readonly sealed_per_s: number;
  /** Of sealed to plain: the median of the ratios within each round. */
  readonly ratio: number;
}

export interface AuditFigures {
  readonly chains: readonly ChainFigures[];
  /** From the commit of an event, one at a time, until it is sealed. */
  readonly commit_to_sealed_ms: { readonly p50: number; readonly p99: number };
  /** Of the engine's runs of five steps. */
  readonly steps: readonly StepLatencyFigures[];
  /** By the server from its rows, by the command line from the file of an export. */
  readonly verification: { readonly events: number; readonly server: VerificationFigures; readonly offline: VerificationFigures };
}

export interface StepLatencyFigures {
  readonly in_flight: number;
  /** A run's time over its five steps; medians of the rounds. */
  readonly step_p50_ms: { readonly unsealed: number; readonly sealed: number };
  readonly step_p99_ms: { readonly unsealed: number; readonly sealed: number };
  /** The median of the differences within each round. */
  readonly added_p50_ms: number;
}

export interface VerificationFigures {
  readonly seconds: number;
  readonly per_s: number;
}

const LEAST_RATIO = 0.6;
const LONGEST_VERIFICATION_S = 60;

export function meetsAim({ chains, verification }: AuditFigures): boolean {
  return chains.every(({ ratio }) => ratio >= LEAST_RATIO) && [verification.server, verification.offline].every(({ seconds }) => seconds < LONGEST_VERIFICATION_S);
}

export function asText({ chains, commit_to_sealed_ms, steps, verification }: AuditFigures): string {
  return [
    ...chains.map((one) => `${one.chains} chains: ${Math.round(one.sealed_per_s)} events/s sealed, ${Math.round(one.appended_per_s)} appended without sealing, ${Math.round(one.plain_per_s)} inserted into a plain table; ratio ${one.ratio.toFixed(2)}`),
    `sealed after its commit: p50 ${commit_to_sealed_ms.p50.toFixed(1)} ms, p99 ${commit_to_sealed_ms.p99.toFixed(1)} ms`,
    ...steps.map(({ in_flight, step_p50_ms, step_p99_ms, added_p50_ms }) =>
      `a step, ${in_flight} runs in flight: p50 ${step_p50_ms.unsealed.toFixed(2)} ms unsealed, ${step_p50_ms.sealed.toFixed(2)} ms while it is sealed (${added_p50_ms.toFixed(2)} ms added); p99 ${step_p99_ms.unsealed.toFixed(2)} and ${step_p99_ms.sealed.toFixed(2)} ms`),
    ...(['server', 'offline'] as const).map((one) => `verified, ${one}: ${verification.events} events in ${verification[one].seconds.toFixed(1)} s, ${Math.round(verification[one].per_s)} events/s`), '',
  ].join('\n');
}
