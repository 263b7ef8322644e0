import { setTimeout as delay } from 'node:timers/promises';
import { ReplayRunner } from '@countersign/control-plane/replays/replay-runner.ts';
import { insertReplay } from '@countersign/control-plane/replays/repository-replays.ts';
import type { ReplayReport } from '@countersign/control-plane/replays/repository-replays.ts';
import { startPolicy } from '@countersign/control-plane/simulation/simulator.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { shippedPolicy, stricterPolicy } from './policies.ts';
import type { CompiledPolicy } from './policies.ts';
import { replayState } from './queries.ts';
import { record } from './record.ts';
import type { Recorded } from './record.ts';
import { makeWorld } from './world.ts';
import type { World } from './world.ts';

export interface ReplayFigures {
  readonly decisions: number;
  readonly input_bytes: number;
  readonly recorded: Readonly<Record<string, number>>;
  readonly recording_s: number;
  /** By the database's clock, from the claim to the report. */
  readonly replay_s: number;
  readonly decisions_per_s: number;
  /** Of this process with all its threads while it replayed; PostgreSQL's own is not in it. On a busy machine it says more than the clock. */
  readonly cpu_s: number;
  readonly peak_rss_mb: number;
  readonly report: ReplayReport;
}

const DEADLINE_MS = 1_000;
const POLL_MS = 1_000;

export async function measureReplay(decisions: number, say: (text: string) => void): Promise<ReplayFigures> {
  const world = await makeWorld();
  try {
    const stricter = await stricterPolicy(world);
    const began = performance.now();
    const recorded = await recordBy(world, await shippedPolicy(), decisions);
    const recording_s = seconds(performance.now() - began);
    say(`recorded ${decisions} decisions in ${recording_s} s`);
    const { replay_s, cpu_s, report, peak_rss_mb } = await replay(world, stricter, recorded, say);
    return { decisions, input_bytes: recorded.input_bytes, recorded: recorded.outcomes, recording_s, replay_s, decisions_per_s: Math.round(decisions / replay_s), cpu_s, peak_rss_mb, report };
  } finally {
    await world.close();
  }
}

async function recordBy(world: World, files: BundleFiles, decisions: number): Promise<Recorded> {
  const policy = await startPolicy(files, DEADLINE_MS);
  try {
    return await record(world, policy, decisions);
  } finally {
    await policy.close();
  }
}

/** As the API does: a row that waits, and the runner's thread, which finds it. */
async function replay(world: World, { stackDigest, bundleKey }: CompiledPolicy, { from, to }: Recorded, say: (text: string) => void): Promise<Pick<ReplayFigures, 'replay_s' | 'cpu_s' | 'peak_rss_mb' | 'report'>> {
  const { tenantId, workspaceId, environmentId } = world.place;
  const id = newId('policy_replay');
  await world.control.forTenant(tenantId, (tx) => tx.change(insertReplay, [tenantId, id, workspaceId, environmentId, '{}', stackDigest, 'bench', bundleKey, from, to, null, 'prn_bench']));
  const thread = { databaseUrl: world.controlUrl, keys: { root: { kind: 'file', file: world.keyFile }, also: [] } as const, objectsFolder: world.objectsFolder, logLevel: 'warn' };
  const runner = new ReplayRunner({ database: world.control, log: createLogger('bench', 'warn'), thread });
  const before = process.cpuUsage();
  runner.start();
  try {
    for (let peak_rss = 0; ; await delay(POLL_MS)) {
      const row = await world.control.forTenant(tenantId, (tx) => tx.one<{ state: string; progress: number; report: ReplayReport | null; error: unknown; seconds: number }>(replayState, [tenantId, id]));
      peak_rss = Math.max(peak_rss, process.memoryUsage.rss());
      if (row.report !== null) {
        const { user, system } = process.cpuUsage(before);
        return { replay_s: seconds(row.seconds * 1_000), cpu_s: seconds((user + system) / 1_000), report: row.report, peak_rss_mb: Math.round(peak_rss / 2 ** 20) };
      }
      if (row.state === 'failed') throw new TypeError(`the replay failed: ${JSON.stringify(row.error)}`);
      say(`replayed ${Math.round(row.progress * 100)} %`);
    }
  } finally {
    await runner.stop();
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
