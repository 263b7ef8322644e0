import type { Change } from '@countersign/contracts/events/change.ts';
import type { RunState } from '@countersign/contracts/states/transitions.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Tracing } from '@countersign/platform/telemetry/spans.ts';
import type { Changes } from '../changes/changes.ts';
import type { Observer } from './observer.ts';
import { findEnded } from './repository-ended-runs.ts';
import { runSpan } from './run-spans.ts';

export interface EndedRunsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly tracing: Tracing;
}

/** While the database is away, runs beyond this are not counted. */
const MAX_KEPT = 10_000;
const ENDED: ReadonlySet<string> = new Set<RunState>(['succeeded', 'failed', 'cancelled']);

/**
 * Runs that nobody was working on when they ended: a person refused, a deadline passed, somebody cancelled. Who ends them has an id and no
 * more, so what they were is looked up a little later, many at once.
 */
export class EndedRuns {
  readonly #parts: EndedRunsParts;
  #noted = new Map<string, string>();

  constructor(parts: EndedRunsParts) {
    this.#parts = parts;
  }

  /** `changes`, listened to. */
  listeningTo(changes: Changes): Changes {
    return {
      changed: (change) => {
        this.#note(change);
        changes.changed(change);
      },
      stepsReady: () => changes.stepsReady(),
    };
  }

  async count(): Promise<void> {
    if (this.#noted.size === 0) return;
    const noted = this.#noted;
    this.#noted = new Map();
    const { database, clock, observer, tracing } = this.#parts;
    try {
      const ended = await database.forTenants([...new Set(noted.values())], (tx) => findEnded(tx, [...noted.keys()]));
      for (const run of ended) {
        observer.runEnded(run, run.state);
        tracing.record(() => runSpan(run, run.state, run.finishedAt ?? clock.now()));
      }
    } catch (error) {
      for (const [id, tenantId] of noted) this.#keep(id, tenantId);
      throw error;
    }
  }

  #note({ kind, id, state, tenant_id }: Change): void {
    if (kind === 'run' && ENDED.has(state)) this.#keep(id, tenant_id);
  }

  #keep(id: string, tenantId: string): void {
    if (this.#noted.size < MAX_KEPT) this.#noted.set(id, tenantId);
  }
}
