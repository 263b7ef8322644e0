import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSpool } from '../open-spool.ts';
import type { SpoolOptions } from '../open-spool.ts';
import type { Spool } from '../spool.ts';

export const EPOCH = 'agt_0test/1';
export const FIXED_CLOCK = { now: () => new Date('2026-11-21T10:00:00.000Z'), offset_ms: () => 0 };

export function scratchFolder(): string {
  return join(mkdtempSync(join(tmpdir(), 'spool-')), 'state');
}

/** A spool in `folder`, small enough to be filled. */
export function openForTest(folder: string, options: Partial<SpoolOptions> = {}): Promise<Spool> {
  return openSpool({ folder, limit_bytes: 8 * 1024 * 1024, reserve_bytes: 256 * 1024, promised_bytes_per_order: 1024 * 1024, clock: FIXED_CLOCK, ...options }, EPOCH);
}
