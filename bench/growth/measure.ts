import { performance } from 'node:perf_hooks';
import { FairShares } from '@countersign/execution-plane/dispatch/fair-shares.ts';
import { claimable } from '@countersign/execution-plane/dispatch/repository-claims.ts';
import { CLAIM_SETTINGS, fairValues } from '@countersign/execution-plane/dispatch/repository-queues.ts';
import { ENGINE_VERSIONS } from '@countersign/execution-plane/engine/versions.ts';
import { plantQueued } from '@countersign/execution-plane/testing/backlog.ts';
import { explained } from '@countersign/execution-plane/testing/plans.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { startPostgres } from '../engine/processes.ts';
import { Claimer } from './claimer.ts';
import { seedPlace } from './place.ts';
import type { GrowthPlace } from './place.ts';
import type { GrowthFigures, Side } from './report.ts';
import { copyDatabase, databaseUrl, plantFinished, sizesOf, vacuum } from './repository-growth.ts';

export interface Extent {
  readonly finished: number;
  readonly queued: number;
  readonly stepsPerRun: number;
  readonly rounds: number;
}

const LIMIT = 16;
const CLAIMS_PER_ROUND = 25;
/** Rounds before it counts: plans are made, pages are read. */
const WARM_UP = 2;

interface World {
  readonly adminUrl: string;
  readonly database: Database;
  readonly places: readonly GrowthPlace[];
}

/**
 * Two databases on one server, alike but for what is in them: one has a few runs, the other finished and queued ones by the hundred thousand.
 * They are measured in turns in one process, so that what the machine does besides is in both.
 */
export async function measureGrowth({ finished, queued, stepsPerRun, rounds }: Extent): Promise<GrowthFigures> {
  const server = await startPostgres();
  const open: Database[] = [];
  try {
    const emptyAdminUrl = await copyDatabase(server.adminUrl, 'empty');
    const worldOf = async (adminUrl: string, control: string, execution: string): Promise<World> => {
      const [writer, database] = [new Database({ url: control, applicationName: 'bench growth' }), new Database({ url: execution, applicationName: 'bench growth', settings: CLAIM_SETTINGS })];
      open.push(writer, database);
      return { adminUrl, database, places: [await seedPlace(writer, 'large'), await seedPlace(writer, 'small')] };
    };
    const empty = await worldOf(emptyAdminUrl, databaseUrl(server.controlUrl, 'empty'), databaseUrl(server.executionUrl, 'empty'));
    const full = await worldOf(server.adminUrl, server.controlUrl, server.executionUrl);
    const planted = performance.now();
    for (const place of full.places) await plantFinished(full.adminUrl, { ...place, runs: Math.ceil(finished / full.places.length), stepsPerRun });
    await queue(full, 0, queued);
    for (const world of [empty, full]) await vacuum(world.adminUrl);
    const planting_s = Math.round((performance.now() - planted) / 1_000);
    const size = await sizesOf(full.adminUrl);
    const [inEmpty, inFull]: [Round[], Round[]] = [[], []];
    for (let i = -WARM_UP; i < rounds; i++) {
      const [one, other] = [await round(empty), await round(full)];
      if (i < 0) continue;
      inEmpty.push(one);
      inFull.push(other);
    }
    return { finished: size.finished, queued: size.queued, steps_per_finished_run: stepsPerRun, planting_s, size, empty: sideOf(inEmpty), full: sideOf(inFull), ratio: ratiosOf(inEmpty, inFull), ...await plansOf(full) };
  } finally {
    for (const database of open) await database.close();
    await server.stop();
  }
}

interface Round { readonly claims: readonly number[]; readonly runs_per_s: number }

/** As many of either tenant wait as are claimed, so that the same is done in both databases. */
async function round(world: World): Promise<Round> {
  for (const which of [0, 1]) await queue(world, which, CLAIMS_PER_ROUND * LIMIT / 2);
  const claimer = new Claimer(world.database, world.places.map((place) => place.tenantId), LIMIT);
  const claims: number[] = [];
  const begun = performance.now();
  for (let i = 0; i < CLAIMS_PER_ROUND; i++) {
    const { claimed, ms } = await claimer.claim();
    claims.push(ms);
    await claimer.end(claimed);
  }
  return { claims, runs_per_s: CLAIMS_PER_ROUND * LIMIT / (performance.now() - begun) * 1_000 };
}

async function queue({ database, places }: World, which: number, runs: number): Promise<void> {
  const place = places[which]!;
  await database.forTenant(place.tenantId, (tx) => plantQueued(tx, place, { runs }));
}

function sideOf(rounds: readonly Round[]): Side {
  const claims = rounds.flatMap((one) => one.claims).toSorted((a, b) => a - b);
  const at = (share: number): number => hundredths(claims[Math.min(claims.length - 1, Math.floor(share * claims.length))]!);
  return { claims: claims.length, claim_p50_ms: at(0.5), claim_p95_ms: at(0.95), claim_p99_ms: at(0.99), runs_per_s: hundredths(median(rounds.map((one) => one.runs_per_s))) };
}

/** Of rounds that were measured one after the other. */
function ratiosOf(empty: readonly Round[], full: readonly Round[]): GrowthFigures['ratio'] {
  const of = (figure: (round: Round) => number): number => hundredths(median(full.map((one, i) => figure(one) / figure(empty[i]!))));
  return { claim_p50: of((one) => median(one.claims)), runs_per_s: of((one) => one.runs_per_s) };
}

async function plansOf(world: World): Promise<Pick<GrowthFigures, 'whole_table_scans' | 'most_rows_read_by_a_node' | 'claim_plan'>> {
  const { scans, mostRows, plan } = await explained(world.database, world.places.map((place) => place.tenantId), claimable, [LIMIT, ...fairValues(new FairShares().state), ENGINE_VERSIONS]);
  return { whole_table_scans: [...scans], most_rows_read_by_a_node: mostRows, claim_plan: plan };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
