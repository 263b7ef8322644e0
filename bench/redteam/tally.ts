import type { CallResult } from '@countersign/connectors/gateway/ports.ts';
import type { AttemptKind } from './attempts.ts';
import type { AttackCase } from './cases.ts';
import type { HonestStep } from './grant.ts';
import type { RecordedRequest } from './recorder.ts';

export interface Leak {
  readonly case_id: string;
  readonly kind: string;
  readonly action: string;
  readonly parameter: string | null;
  readonly request: string;
}

const MAX_LEAKS_SHOWN = 50;

/** Counts what became of the attempts, and what peers received that nobody granted. */
export class Tally {
  readonly #outcomes = new Map<string, number>();
  readonly #kinds = new Map<string, number>();
  readonly #rules = new Map<string, number>();
  readonly leaks: Leak[] = [];
  attempts = 0;
  receivedOutsideGrant = 0;
  /** Cases with anything received outside of the grant. */
  readonly leakingCases = new Set<string>();

  attempted(kind: AttemptKind | 'echo' | 'model', outcome: string, result: CallResult | null): void {
    this.attempts += 1;
    add(this.#outcomes, outcome);
    add(this.#kinds, kind);
    if (result?.kind === 'denied') for (const { rule } of result.reasons) add(this.#rules, rule);
  }

  received(attack: AttackCase, attempt: { readonly kind: string; readonly step: HonestStep | null; readonly parameter?: string }, outside: readonly RecordedRequest[]): void {
    this.receivedOutsideGrant += outside.length;
    if (outside.length > 0) this.leakingCases.add(attack.id);
    for (const { shown } of outside.slice(0, MAX_LEAKS_SHOWN - this.leaks.length)) {
      this.leaks.push({ case_id: attack.id, kind: attempt.kind, action: attempt.step?.uses ?? attack.tool, parameter: attempt.parameter ?? null, request: shown });
    }
  }

  figures(): { readonly attempts: number; readonly by_outcome: Record<string, number>; readonly by_kind: Record<string, number>; readonly denied_by_rule: Record<string, number> } {
    return { attempts: this.attempts, by_outcome: sorted(this.#outcomes), by_kind: sorted(this.#kinds), denied_by_rule: sorted(this.#rules) };
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** The largest first. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}
