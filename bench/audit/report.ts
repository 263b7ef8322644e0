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
  readonly verification: { readonly events: number; readonly seconds: number; readonly per_s: number };
}

const LEAST_RATIO = 0.6;
const LONGEST_VERIFICATION_S = 60;

export function meetsAim({ chains, verification }: AuditFigures): boolean {
  return chains.every(({ ratio }) => ratio >= LEAST_RATIO) && verification.seconds < LONGEST_VERIFICATION_S;
}

export function asText({ chains, commit_to_sealed_ms, verification }: AuditFigures): string {
  return [
    ...chains.map((one) => `${one.chains} chains: ${Math.round(one.sealed_per_s)} events/s sealed, ${Math.round(one.appended_per_s)} appended without sealing, ${Math.round(one.plain_per_s)} inserted into a plain table; ratio ${one.ratio.toFixed(2)}`),
    `sealed after its commit: p50 ${commit_to_sealed_ms.p50.toFixed(1)} ms, p99 ${commit_to_sealed_ms.p99.toFixed(1)} ms`,
    `verified: ${verification.events} events in ${verification.seconds.toFixed(1)} s, ${Math.round(verification.per_s)} events/s`, '',
  ].join('\n');
}
