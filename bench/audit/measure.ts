import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { beginChain, endChain, readLine } from '@countersign/contracts/transparency/verify-chain.ts';
import { linkEvents } from '@countersign/platform/audit/link-events.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { startPostgres } from '../engine/processes.ts';
import { seedPlace } from '../growth/place.ts';
import { appendEvents, countUnsealed, eventIsSealed } from './repository-audit.ts';
import type { NewEvent } from './repository-audit.ts';
import type { AuditFigures, ChainFigures } from './report.ts';

export interface Extent {
  readonly rounds: number;
  /** Per round. */
  readonly events: number;
  readonly latencies: number;
  readonly verified: number;
}

const BATCH = 200;
const WRITERS = 2;
const CHAINS = [1, 32];

/** A PostgreSQL of its own, writers here, the sequencer in another process, as in a cell. */
export async function measureAudit(extent: Extent): Promise<AuditFigures> {
  const server = await startPostgres();
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-bench-audit-'));
  const execution = new Database({ url: server.executionUrl, applicationName: 'bench writers', maxConnections: WRITERS + 1 });
  const control = new Database({ url: server.controlUrl, applicationName: 'bench' });
  try {
    const chains: ChainFigures[] = [];
    for (const count of CHAINS) chains.push(await measureSealing(count, extent, { execution, control, controlUrl: server.controlUrl, folder }));
    return { chains, commit_to_sealed_ms: await measureLatency(extent.latencies, { execution, control, controlUrl: server.controlUrl, folder }), verification: measureVerification(extent.verified) };
  } finally {
    await Promise.all([execution.close(), control.close()]);
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

interface World {
  readonly execution: Database;
  readonly control: Database;
  readonly controlUrl: string;
  readonly folder: string;
}

/** Plain and sealed in turns, each for a tenant of its own, so that what slows the machine slows both. */
async function measureSealing(chains: number, { rounds, events }: Extent, world: World): Promise<ChainFigures> {
  const pairs: Array<{ plain: number; sealed: number }> = [];
  for (let round = 0; round < rounds; round += 1) {
    const plain = await perSecond(events, (tenantId) => write(world.execution, tenantId, chains, events), world.control);
    const sealer = await startSealer(world);
    const sealed = await perSecond(events, async (tenantId) => {
      await write(world.execution, tenantId, chains, events, () => sealer.send({ wake: tenantId }));
      while (await countUnsealed(world.control, tenantId) > 0) sealer.send({ wake: tenantId });
    }, world.control);
    await stopSealer(sealer);
    pairs.push({ plain, sealed });
  }
  return { chains, plain_per_s: median(pairs.map(({ plain }) => plain)), sealed_per_s: median(pairs.map(({ sealed }) => sealed)), ratio: median(pairs.map(({ plain, sealed }) => sealed / plain)) };
}

async function perSecond(events: number, work: (tenantId: string) => Promise<void>, control: Database): Promise<number> {
  const { tenantId } = await seedPlace(control, `bench-${newId('tenant').slice(-8)}`);
  const began = performance.now();
  await work(tenantId);
  return events / ((performance.now() - began) / 1_000);
}

async function write(database: Database, tenantId: string, chains: number, events: number, afterEach: () => void = () => undefined): Promise<void> {
  const workspaces = Array.from({ length: chains }, () => newId('workspace'));
  let written = 0;
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    while (written < events) {
      const first = written;
      written += BATCH;
      await appendEvents(database, tenantId, Array.from({ length: BATCH }, (_, n) => eventOf(tenantId, workspaces[(first + n) % chains] ?? '', first + n)));
      afterEach();
    }
  }));
}

async function measureLatency(count: number, world: World): Promise<{ p50: number; p99: number }> {
  const { tenantId, workspaceId } = await seedPlace(world.control, 'bench-latency');
  const sealer = await startSealer(world);
  const taken: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const event = eventOf(tenantId, workspaceId, n);
    await appendEvents(world.execution, tenantId, [event]);
    const committed = performance.now();
    sealer.send({ wake: tenantId });
    while (!await eventIsSealed(world.control, tenantId, event.id));
    taken.push(performance.now() - committed);
  }
  await stopSealer(sealer);
  const sorted = taken.toSorted((a, b) => a - b);
  return { p50: sorted[Math.floor(count / 2)] ?? 0, p99: sorted[Math.floor(count * 0.99)] ?? 0 };
}

/** Lines are made in pieces and only their verification is timed: reading them from a disk is not in it. */
function measureVerification(events: number): AuditFigures['verification'] {
  const [tenantId, workspaceId] = [newId('tenant'), newId('workspace')];
  const state = beginChain(`${tenantId}/${workspaceId}`, []);
  let head = { seq: 0, hash: FIRST_PREV_HASH };
  let taken_ms = 0;
  while (head.seq < events) {
    const piece = Array.from({ length: Math.min(10_000, events - head.seq) }, (_, n) => eventOf(tenantId, workspaceId, head.seq + n));
    const links = linkEvents(head, piece);
    const lines = links.map(({ line }, at) => `{"body":${piece[at]?.body ?? 'null'},${line.slice(1)}`);
    head = links.at(-1) ?? head;
    const began = performance.now();
    for (const line of lines) readLine(state, line);
    taken_ms += performance.now() - began;
  }
  const { faults } = endChain(state);
  if (faults.length > 0) throw new TypeError(`The chain that was made does not verify: ${JSON.stringify(faults[0])}`);
  return { events, seconds: taken_ms / 1_000, per_s: events / (taken_ms / 1_000) };
}

/** As the engine's most frequent event: about 600 bytes. */
function eventOf(tenantId: string, workspaceId: string, n: number): NewEvent {
  const id = newId('audit_event');
  const body = canonicalText({
    id, type: 'step.state_changed', at: '2026-11-21T15:00:00.000Z', tenant_id: tenantId, workspace_id: workspaceId, actor: { kind: 'worker', id: 'worker-1' },
    subject: { kind: 'step', id: newId('step') }, run_id: newId('run'),
    data: { from: 'leased', to: 'succeeded', attempt: 1, fence: String(n), step_key: 'assign', action_digest: `sha256:${'ab'.repeat(32)}`, output_digest: `sha256:${'cd'.repeat(32)}` },
  });
  return { chain: `${tenantId}/${workspaceId}`, id, body };
}

async function startSealer({ controlUrl, folder }: World): Promise<ChildProcess> {
  const child = fork(path.join(import.meta.dirname, 'sealer-process.ts'), [controlUrl, folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

async function stopSealer(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.send('stop');
  await exited;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
