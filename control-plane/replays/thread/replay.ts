import type { Change as LiveChange } from '@countersign/contracts/events/change.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import { unpackBundle } from '@countersign/platform/opa/bundle/archive.ts';
import { BundleError } from '@countersign/platform/opa/bundle/errors.ts';
import { PdpError } from '@countersign/platform/opa/errors.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { factsReadBy } from '../../simulation/facts.ts';
import { startPolicy } from '../../simulation/simulator.ts';
import { wordsOfPolicy } from '../../simulation/withheld.ts';
import { deleteChanges } from '../repository-replays.ts';
import { AllowedCalls } from './allowed-calls.ts';
import type { AllowedCall } from './allowed-calls.ts';
import { askAgain } from './ask-again.ts';
import type { AskedPolicy, Replayed } from './ask-again.ts';
import { added, NO_COUNTS } from './counts.ts';
import type { Counts } from './counts.ts';
import { writeReport } from './report.ts';
import { countDecisions, fail, giveBack, insertChanges, readAllowed, readPage, renewLease, saveProgress, setTotal, succeed } from './repository-progress.ts';
import type { ClaimedReplay, RecordedDecision } from './repository-progress.ts';

export interface ReplayParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly notifier: { changed(change: LiveChange): void };
  /** Decisions that are read, asked and committed together: what is held in memory, twice. */
  readonly page_rows: number;
}

/** Less than what a worker waits for a policy: a replay of one that loops must end. */
const DEADLINE_MS = 250;
const RENEW_MS = 10_000;
const ANNOUNCE_MS = 1_000;
/** A policy that has given no decision at all by then gives none. */
const GIVE_UP_AFTER = 200;

/** Claims of one replay, restarts of the control plane included: one that is begun so often ends its process each time. */
const MAX_CLAIMS = 20;

/** Somebody else has the replay now, or nobody wants it any more. */
class NotOurs extends Error {}

/** Carries one claimed replay to its end, or as far as `signal` lets it. The decisions that were replayed are counted in the transaction that says so. */
export async function carryOut(parts: ReplayParts, tenantId: string, replay: ClaimedReplay, signal: AbortSignal): Promise<void> {
  const work = new ReplayWork(parts, tenantId, replay);
  const renewal = setInterval(() => void work.renew(), RENEW_MS);
  try {
    await work.run(signal);
  } catch (error) {
    if (!(error instanceof NotOurs)) await work.failFor(error);
  } finally {
    clearInterval(renewal);
  }
}

class ReplayWork {
  readonly #parts: ReplayParts;
  readonly #tenantId: string;
  readonly #replay: ClaimedReplay;
  #counts: Counts;
  #done: number;
  #announced_ms = 0;

  constructor(parts: ReplayParts, tenantId: string, replay: ClaimedReplay) {
    this.#parts = parts;
    this.#tenantId = tenantId;
    this.#replay = replay;
    this.#counts = { ...NO_COUNTS, ...replay.counts };
    this.#done = replay.done;
  }

  async run(signal: AbortSignal): Promise<void> {
    if (Number(this.#replay.fence) > MAX_CLAIMS) throw new PdpError('evaluation_failed', `it was begun ${MAX_CLAIMS} times and never ended`);
    const files = unpackBundle(await this.#parts.objects.get(this.#replay.bundle_key));
    const evaluator = await startPolicy(files, DEADLINE_MS);
    try {
      await this.#count();
      const isWord = wordsOfPolicy(files);
      const facts = factsReadBy(files);
      await this.#replayAll({ evaluator, facts, isOfPolicy: remembered(isWord), allowed: facts.includes('counters') ? await this.#allowedBefore() : null }, signal);
    } finally {
      await evaluator.close();
    }
    if (signal.aborted) await this.#write(giveBack, []);
    else await this.#finish();
  }

  /** A lease that cannot be renewed right now is renewed with the next page, or lost. */
  async renew(): Promise<void> {
    await this.#parts.database.forTenant(this.#tenantId, (tx) => tx.change(renewLease, this.#claim())).catch(() => 0);
  }

  /** Only what is wrong with the policy, or that it is gone, fails a replay; everything else is tried again by whoever claims it next. */
  async failFor(error: unknown): Promise<void> {
    const known = error instanceof PdpError || error instanceof BundleError || (error instanceof ObjectsError && error.code === 'object_missing');
    if (!known) throw error;
    await this.#write(fail, [JSON.stringify({ code: 'policy_error', message: `${error.message} (${error.code})` })]);
    await this.#parts.database.forTenant(this.#tenantId, (tx) => tx.change(deleteChanges, [this.#tenantId, this.#replay.id]));
    this.#announce('failed');
  }

  async #count(): Promise<void> {
    if (this.#replay.total !== null) return;
    const { environment_id, decided_from, decided_to } = this.#replay;
    const { total } = await this.#parts.database.forTenant(this.#tenantId, (tx) => tx.one<{ total: number }>(countDecisions, [this.#tenantId, environment_id, decided_from, decided_to]));
    await this.#write(setTotal, [total]);
  }

  /** Of the day before the first decision that is still to be replayed. */
  async #allowedBefore(): Promise<AllowedCalls> {
    const { environment_id, decided_from, cursor_at } = this.#replay;
    const before = await this.#parts.database.forTenant(this.#tenantId, (tx) => tx.rows<AllowedCall>(readAllowed, [this.#tenantId, environment_id, cursor_at ?? decided_from, cursor_at !== null]));
    const allowed = new AllowedCalls();
    for (const call of before) allowed.add(call);
    return allowed;
  }

  /** The next page is read while this one is asked. */
  async #replayAll(policy: AskedPolicy, signal: AbortSignal): Promise<void> {
    let next = this.#page(this.#replay.cursor_at, this.#replay.cursor_id);
    for (let rows = await next; rows.length > 0 && !signal.aborted; rows = await next) {
      const last = rows.at(-1);
      next = this.#page(last?.cursor_at ?? null, last?.id ?? null);
      // Whoever waits for it hears of its failure; if this page fails first, nobody does.
      next.catch(() => undefined);
      await this.#keep(await askAgain(rows, policy, this.#parts.keys, this.#tenantId), rows);
      if (this.#done >= GIVE_UP_AFTER && this.#counts.failed === this.#done) throw new PdpError('evaluation_failed', `the policy gave no decision on any of the first ${this.#done} questions`);
      this.#announceNowAndThen();
    }
    await next.catch(() => undefined);
  }

  #page(at: string | null, id: string | null): Promise<RecordedDecision[]> {
    const { environment_id, decided_from, decided_to } = this.#replay;
    return this.#parts.database.forTenant(this.#tenantId, (tx) => tx.rows<RecordedDecision>(readPage, [this.#tenantId, environment_id, decided_from, decided_to, at, id, this.#parts.page_rows]));
  }

  async #keep(replayed: readonly Replayed[], rows: readonly RecordedDecision[]): Promise<void> {
    const last = rows.at(-1);
    const counts = replayed.reduce((sum, one) => added(sum, one.counts), this.#counts);
    const changes = replayed.map((one) => one.change).filter((change) => change !== null);
    const done = this.#done + rows.length;
    await this.#parts.database.forTenant(this.#tenantId, async (tx) => {
      if (await tx.change(saveProgress, [...this.#claim(), done, last?.cursor_at ?? null, last?.id ?? null, JSON.stringify(counts)]) === 0) throw new NotOurs();
      if (changes.length > 0) await tx.change(insertChanges, [this.#tenantId, this.#replay.id, JSON.stringify(changes)]);
    });
    this.#counts = counts;
    this.#done = done;
  }

  async #finish(): Promise<void> {
    await this.#parts.database.forTenant(this.#tenantId, async (tx) => {
      const report = await writeReport(tx, this.#tenantId, this.#replay, this.#counts, Date.now() - this.#replay.started_at.getTime());
      if (await tx.change(succeed, [...this.#claim(), JSON.stringify(report)]) === 0) throw new NotOurs();
      await tx.change(deleteChanges, [this.#tenantId, this.#replay.id]);
    });
    this.#announce('succeeded');
  }

  async #write(statement: typeof setTotal, values: readonly unknown[]): Promise<void> {
    const changed = await this.#parts.database.forTenant(this.#tenantId, (tx) => tx.change(statement, [...this.#claim(), ...values]));
    if (changed === 0) throw new NotOurs();
  }

  #claim(): [string, string, string] {
    return [this.#tenantId, this.#replay.id, this.#replay.fence];
  }

  #announceNowAndThen(): void {
    if (performance.now() - this.#announced_ms < ANNOUNCE_MS) return;
    this.#announced_ms = performance.now();
    this.#announce('running');
  }

  #announce(state: 'running' | 'succeeded' | 'failed'): void {
    this.#parts.notifier.changed({ tenant_id: this.#tenantId, workspace_id: this.#replay.workspace_id, kind: 'policy', id: this.#replay.id, state });
  }
}

/** The same few rules come a hundred thousand times. */
function remembered(isWord: (word: string) => boolean): (word: string) => boolean {
  const known = new Map<string, boolean>();
  return (word) => {
    let answer = known.get(word);
    if (answer === undefined) {
      answer = isWord(word);
      if (known.size < 1_000) known.set(word, answer);
    }
    return answer;
  };
}
