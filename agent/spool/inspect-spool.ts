import { openExisting } from './open-spool.ts';
import type { SpoolOptions } from './open-spool.ts';
import type { SpoolRoom } from './spool.ts';

/** What a spool is found to hold. What could not be read is null. */
export interface SpoolReport {
  readonly folder: string;
  /** `in_use`: the agent runs, and reads it alone. `none`: no agent has run there, or its key is missing. */
  readonly state: SpoolRoom['state'] | 'in_use' | 'none';
  readonly epoch: string | null;
  /** Entries that the cell does not have. */
  readonly waiting: number | null;
  readonly oldest_at: string | null;
  readonly seq: number | null;
  readonly delivered_seq: number | null;
  readonly bytes: number | null;
  readonly limit_bytes: number;
  /** Orders that were taken and have not ended. */
  readonly under_way: number | null;
  /** How many more there is room for. */
  readonly room_for: number | null;
  /** `whole`: every waiting entry was read from its bytes, opened with the key, and has the hash that the next one names. */
  readonly chain: 'whole' | 'broken' | 'not_read';
  readonly problem: { readonly code: string; readonly message: string } | null;
}

const UNREAD = { epoch: null, waiting: null, oldest_at: null, seq: null, delivered_seq: null, bytes: null, under_way: null, room_for: null, chain: 'not_read' } as const;

/** Reads the spool of a folder as the agent does when it starts. Nothing is delivered or deleted, and none is made. */
export async function inspectSpool(options: SpoolOptions): Promise<SpoolReport> {
  const { folder, limit_bytes } = options;
  try {
    return await read(options);
  } catch (error) {
    const { code = 'unknown', message } = error as { code?: string; message: string };
    const found = { ...UNREAD, folder, limit_bytes, problem: { code, message } };
    if (code === 'spool_damaged') return { ...found, state: 'damaged', chain: 'broken' };
    return { ...found, state: code === 'spool_in_use' ? 'in_use' : 'none' };
  }
}

async function read(options: SpoolOptions): Promise<SpoolReport> {
  const spool = await openExisting(options);
  try {
    const { state, orders, bytes, limit_bytes, seq, delivered_seq } = spool.room();
    const oldest_at = spool.undelivered(1, 1).entries[0]?.occurred_at ?? null;
    const under_way = await spool.commit((tx) => tx.openOrders().length);
    return { folder: options.folder, state, epoch: spool.epoch, waiting: seq - delivered_seq, oldest_at, seq, delivered_seq, bytes, limit_bytes, under_way, room_for: orders, chain: 'whole', problem: null };
  } finally {
    spool.close();
  }
}
