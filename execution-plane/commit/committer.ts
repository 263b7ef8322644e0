import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { isOfAnyWrite, isOfServer, isPassingConflict } from '@countersign/platform/postgres/errors.ts';
import type { PartResult } from './part.ts';
import { findCommitted, writeBatch } from './repository-batch.ts';
import type { BatchResult, Unit } from './repository-batch.ts';

export interface CommitterOptions {
  /** Connections of its own: a commit waits for no pool. */
  readonly database: Database;
  readonly log: Logger;
  /** Batches under way at once. */
  readonly connections: number;
  /** For so long it is tried to find out what became of a batch whose connection broke; a lease does not last longer. */
  readonly giveUpMs: number;
}

/** A batch holds its rows' locks until it is written: more than this gains little and waits long. */
const MOST_UNITS = 64;
/** A further connection is worth its while only where so many wait: small batches cost more than they gain. */
const WORTH_ANOTHER = 16;
const CONFLICT_TRIES = 5;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

interface Waiting {
  unit: Unit;
  readonly resolve: (results: PartResult[]) => void;
  /** A batch that it was in may be committed: what looks like a refusal may be our own success. */
  mayBeCommitted: boolean;
}

/**
 * Commits what the runs of this worker have to say, together: a batch is whatever waits when a connection is free, so that a lone run waits for
 * nobody. Each unit is answered after the commit and for itself: a lease that is lost, a run that has changed or rows that PostgreSQL refuses
 * keep nobody else's from being written.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #scheduled = false;
  #batches = 0;
  #units = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Transactions that it made, and units in them; for operators. */
  stats(): { readonly batches: number; readonly units: number; readonly waiting: number } {
    return { batches: this.#batches, units: this.#units, waiting: this.#waiting.length };
  }

  /**
   * Writes `parts` of one run in their order: all of them together; if that cannot be, those before the first that cannot be written. Resolves
   * after the commit, and never rejects: what could not be found out about a commit is `refused`, with why.
   */
  async commit(parts: Unit): Promise<PartResult[]> {
    const results = await this.#together(parts);
    if (parts.length === 1 || !results.some(({ kind }) => kind === 'changed' || kind === 'refused')) return results;
    return this.#oneByOne(parts);
  }

  /** An outcome must not be lost because what was to follow it is refused. */
  async #oneByOne(parts: Unit): Promise<PartResult[]> {
    const results: PartResult[] = [];
    for (const part of parts) {
      const [result = DROPPED] = results.every(({ kind }) => kind === 'done') ? await this.#together([part]) : [DROPPED];
      results.push(result);
    }
    return results;
  }

  #together(unit: Unit): Promise<PartResult[]> {
    return new Promise((resolve) => {
      this.#waiting.push({ unit, resolve, mayBeCommitted: false });
      this.#schedule();
    });
  }

  /** What arrives in the same turn of the event loop goes together. */
  #schedule(): void {
    if (this.#scheduled || this.#underWay >= this.#options.connections || this.#waiting.length < (this.#underWay === 0 ? 1 : WORTH_ANOTHER)) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const batch = this.#take();
      if (batch.length === 0) return;
      this.#underWay += 1;
      void this.#write(batch).finally(() => {
        this.#underWay -= 1;
        this.#schedule();
      });
      this.#schedule();
    });
  }

  /** Moves of one run do not go together: the second was decided without knowing of the first. */
  #take(): Waiting[] {
    const runs = new Set<string>();
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const runId = waiting.unit[0].holder.runId;
      if (taken.length >= MOST_UNITS || runs.has(runId)) {
        left.push(waiting);
      } else {
        runs.add(runId);
        taken.push(waiting);
      }
    }
    this.#waiting = left;
    return taken;
  }

  /** Never rejects. What PostgreSQL refuses is tried in halves, down to the one unit whose fault it is; what is no unit's fault is asked once. */
  async #write(batch: readonly Waiting[], conflicts = 0): Promise<void> {
    let result: BatchResult;
    try {
      this.#batches += 1;
      this.#units += batch.length;
      result = await writeBatch(this.#options.database, batch.map(({ unit }) => unit));
    } catch (error) {
      if (!isOfServer(error)) return this.#findOut(batch, error);
      if (isPassingConflict(error) && conflicts < CONFLICT_TRIES) return this.#write(batch, conflicts + 1);
      if (isOfAnyWrite(error)) {
        this.#options.log.error({ err: error, units: batch.length }, 'the database takes no writes of this worker: nothing is called until it does; see docs/runbooks/the-database-takes-no-writes.md');
        return this.#answer(batch, () => ({ kind: 'refused', error }));
      }
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#write(batch.slice(0, middle));
        return this.#write(batch.slice(middle));
      }
      return this.#answer(batch, () => ({ kind: 'refused', error }));
    }
    return this.#answer(batch, (index) => (result.kept.has(index) ? DONE : result.held.has(index) ? CHANGED : STALE));
  }

  /** Never rejects. */
  async #answer(batch: readonly Waiting[], resultOf: (index: number) => PartResult): Promise<void> {
    const results = batch.map((waiting, index) => ({ waiting, result: resultOf(index) }));
    const unsure = results.filter(({ waiting, result }) => waiting.mayBeCommitted && result.kind !== 'done').map(({ waiting }) => waiting);
    const there = unsure.length === 0 ? NOTHING : await this.#lookFor(unsure);
    for (const { waiting, result } of results) waiting.resolve(waiting.unit.map(() => (there?.has(waiting.unit) === true ? DONE : result)));
  }

  /**
   * The connection broke: whether the batch is committed is read back, not guessed. What is not there is written again, under the same ids, so
   * that even a server that commits it only now cannot have it twice.
   */
  async #findOut(batch: readonly Waiting[], cause: unknown): Promise<void> {
    this.#options.log.warn({ err: cause, units: batch.length }, 'a connection broke while a batch was being committed; it is looked up what became of it');
    for (const waiting of batch) waiting.mayBeCommitted = true;
    const there = await this.#lookFor(batch);
    if (there === null) return;
    for (const { unit, resolve } of batch) if (there.has(unit)) resolve(unit.map(() => DONE));
    const lost = batch.filter(({ unit }) => !there.has(unit));
    if (lost.length > 0) await this.#write(lost);
  }

  /** Which of them are committed. Null where that cannot be found out: they are answered with why. */
  async #lookFor(batch: readonly Waiting[]): Promise<ReadonlySet<Unit> | null> {
    try {
      return await this.#look(batch.map(({ unit }) => unit));
    } catch (error) {
      for (const waiting of batch) waiting.resolve(waiting.unit.map(() => ({ kind: 'refused', error })));
      return null;
    }
  }

  /** Tried until the database answers again, or no lease can be held any more. */
  async #look(units: readonly Unit[]): Promise<ReadonlySet<Unit>> {
    const until = performance.now() + this.#options.giveUpMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await findCommitted(this.#options.database, units);
      } catch (error) {
        if (performance.now() + pauseMs > until) throw error;
      }
      await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
    }
  }
}

const NOTHING: ReadonlySet<Unit> = new Set();
const DONE: PartResult = { kind: 'done' };
const STALE: PartResult = { kind: 'stale' };
const CHANGED: PartResult = { kind: 'changed' };
const DROPPED: PartResult = { kind: 'dropped' };

