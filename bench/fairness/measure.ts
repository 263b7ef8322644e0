import { performance } from 'node:perf_hooks';
import { CLAIM_SETTINGS } from '@countersign/execution-plane/dispatch/repository-queues.ts';
import { plantQueued } from '@countersign/execution-plane/testing/backlog.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { startPostgres } from '../engine/processes.ts';
import { Claimer } from '../growth/claimer.ts';
import { seedPlace } from '../growth/place.ts';
import type { GrowthPlace } from '../growth/place.ts';
import { vacuum } from '../growth/repository-growth.ts';

export interface Extent {
  /** Of the tenant that is not measured. */
  readonly queued: number;
  readonly fresh: number;
  /** Steps per claim. */
  readonly limit: number;
  readonly workers: number;
}

export interface Delay {
  readonly runs: number;
  /** Claims that began after the run was there and took something, but not it. */
  readonly most_claims_between: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export interface FairnessFigures extends Extent {
  readonly without_backlog: Delay;
  readonly with_backlog: Delay;
  /** How many of the backlog were done meanwhile: it is not held up either. */
  readonly of_backlog_meanwhile: number;
}

/** Fresh runs of one tenant, one at a time, while workers go on claiming: first alone, then behind the queue of another. */
export async function measureFairness(extent: Extent): Promise<FairnessFigures> {
  const server = await startPostgres();
  const control = new Database({ url: server.controlUrl, applicationName: 'bench fairness' });
  const database = new Database({ url: server.executionUrl, applicationName: 'bench fairness', maxConnections: extent.workers + 4, settings: CLAIM_SETTINGS });
  try {
    const [large, small] = [await seedPlace(control, 'large'), await seedPlace(control, 'small')];
    const alone = await delaysOf(database, [large, small], small, extent);
    await database.forTenant(large.tenantId, (tx) => plantQueued(tx, large, { runs: extent.queued }));
    await vacuum(server.adminUrl);
    const behind = await delaysOf(database, [large, small], small, extent);
    return { ...extent, without_backlog: alone.delay, with_backlog: behind.delay, of_backlog_meanwhile: behind.others };
  } finally {
    await Promise.all([control.close(), database.close()]);
    await server.stop();
  }
}

/** A fresh run waits for no more than the claim that each worker is just making. */
export function isFair({ with_backlog, workers }: FairnessFigures): boolean {
  return with_backlog.most_claims_between <= workers;
}

export function asText(figures: FairnessFigures): string {
  const row = (name: string, delay: Delay): string => `  ${name.padEnd(16)} p50 ${delay.p50_ms} ms, p99 ${delay.p99_ms} ms; at most ${delay.most_claims_between} claims in between`;
  return [
    `${figures.fresh} fresh runs of one tenant, ${figures.workers} workers that claim ${figures.limit} at a time, ${figures.queued} runs of another tenant queued`,
    row('without backlog', figures.without_backlog), row('with backlog', figures.with_backlog), `  ${figures.of_backlog_meanwhile} of the backlog done meanwhile`, '',
  ].join('\n');
}

/** `since`: by when it was committed; null until then. */
interface Waiting { since: number | null; claimsSince: number; resolve: (delay: { ms: number; between: number }) => void }

/** Workers claim and end without a pause; a fresh run is queued when the one before was claimed. */
async function delaysOf(database: Database, places: readonly GrowthPlace[], fresh: GrowthPlace, { fresh: count, limit, workers }: Extent): Promise<{ delay: Delay; others: number }> {
  const tenantIds = places.map((place) => place.tenantId);
  const board = { waiting: null as Waiting | null, over: false, others: 0 };
  const loops = Array.from({ length: workers }, () => work(new Claimer(database, tenantIds, limit), board, fresh.tenantId));
  const delays: Array<{ ms: number; between: number }> = [];
  for (let i = 0; i < count; i++) {
    const { promise, resolve } = Promise.withResolvers<{ ms: number; between: number }>();
    const waiting: Waiting = { since: null, claimsSince: 0, resolve };
    board.waiting = waiting;
    await database.forTenant(fresh.tenantId, (tx) => plantQueued(tx, fresh, { runs: 1 }));
    waiting.since = performance.now();
    delays.push(await promise);
  }
  board.over = true;
  await Promise.all(loops);
  const sorted = delays.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]! * 100) / 100;
  return { delay: { runs: count, most_claims_between: Math.max(...delays.map(({ between }) => between)), p50_ms: at(0.5), p99_ms: at(0.99) }, others: board.others };
}

async function work(claimer: Claimer, board: { waiting: Waiting | null; over: boolean; others: number }, freshTenant: string): Promise<void> {
  while (!board.over) {
    // One that had begun before the run was there cannot have seen it.
    const seen = board.waiting?.since === null ? null : board.waiting;
    const { claimed } = await claimer.claim();
    const found = claimed.some((step) => step.facts.tenant.id === freshTenant);
    const waiting = board.waiting;
    if (found && waiting !== null) {
      board.waiting = null;
      waiting.resolve({ ms: performance.now() - (waiting.since ?? performance.now()), between: waiting.claimsSince });
    } else if (seen !== null && seen === waiting && claimed.length > 0) {
      seen.claimsSince += 1;
    }
    board.others += claimed.filter((step) => step.facts.tenant.id !== freshTenant).length;
    await claimer.end(claimed);
  }
}
