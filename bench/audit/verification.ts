import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { readExport } from '@countersign/control-plane/audit/repository-reading.ts';
import { sealTenant } from '@countersign/control-plane/audit/sequencer.ts';
import { verifyStored } from '@countersign/control-plane/audit/verification.ts';
import { seedPlace } from '../growth/place.ts';
import { AuditBenchError } from './errors.ts';
import { newEvents } from './events.ts';
import { appendEvents } from './repository-audit.ts';
import type { AuditFigures, VerificationFigures } from './report.ts';
import type { World } from './world.ts';

const CLI = path.join(import.meta.dirname, '../../cli/main.ts');
const APPENDED_AT_ONCE = 1_000;
const EXPORTED_AT_ONCE = 5_000;

/**
 * One chain of so many events, written and sealed before the clock runs: computed anew by the server, from its rows, and by the command line in a
 * process of its own, from the file of an export.
 */
export async function measureVerification(events: number, world: World): Promise<AuditFigures['verification']> {
  const { tenantId, workspaceId } = await seedPlace(world.control, 'bench-verification');
  const chain = `${tenantId}/${workspaceId}`;
  await fill(world, tenantId, workspaceId, events);
  const server = await timed(events, () => verifyStored({ database: world.control, witnessesOf: async () => [] }, tenantId, chain, undefined, new AbortController().signal));
  const file = path.join(world.folder, 'events.jsonl');
  await pipeline(Readable.from(exported(world, tenantId, chain, events)), createWriteStream(file));
  const offline = await timed(events, async () => JSON.parse((await promisify(execFile)(process.execPath, [CLI, 'audit', 'verify', file, '--chain', chain, '--json'])).stdout) as { verified: boolean; events: number });
  await rm(file);
  return { events, server, offline };
}

async function fill({ execution, control }: World, tenantId: string, workspaceId: string, events: number): Promise<void> {
  for (let written = 0; written < events; written += APPENDED_AT_ONCE) {
    const piece = newEvents(tenantId, [workspaceId], written, Math.min(APPENDED_AT_ONCE, events - written));
    await Promise.all([appendEvents(execution, tenantId, piece), sealTenant(control, tenantId)]);
  }
  while (await sealTenant(control, tenantId) > 0);
}

async function* exported({ control }: World, tenantId: string, chain: string, events: number): AsyncIterable<string> {
  for (let after = 0; after < events;) {
    const rows = await control.forTenant(tenantId, (tx) => readExport(tx, tenantId, chain, after, events, EXPORTED_AT_ONCE));
    yield rows.map(({ text }) => `${text}\n`).join('');
    after = rows.at(-1)?.seq ?? events;
  }
}

async function timed(events: number, verify: () => Promise<{ verified: boolean; events: number }>): Promise<VerificationFigures> {
  const began = performance.now();
  const found = await verify();
  const seconds = (performance.now() - began) / 1_000;
  if (!found.verified || found.events !== events) throw new AuditBenchError('chain_not_verified', `A chain of ${events} events was made; verified: ${found.verified}, of ${found.events}.`);
  return { seconds, per_s: events / seconds };
}
