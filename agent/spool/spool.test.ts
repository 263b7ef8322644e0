import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryHash, FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import { parseJsonBody } from '@countersign/platform/http/strict-body.ts';
import type { Spool } from './spool.ts';
import { EPOCH, openForTest, scratchFolder } from './testing/open-for-test.ts';

const ALL = 1_000_000;
const BYTES = 100_000_000;
let folder: string;
let spool: Spool;

beforeEach(async () => {
  folder = scratchFolder();
  spool = await openForTest(folder);
});
afterEach(() => {
  try {
    spool.close();
  } catch {
    // Closed by the test itself.
  }
});

async function reopened(): Promise<Spool> {
  spool.close();
  return (spool = await openForTest(folder));
}

describe('a spool', () => {
  it('gives entries back in order, each naming the one before, however many were written at once', async () => {
    await Promise.all(Array.from({ length: 64 }, (_, n) => spool.append('agent.stopped', { reason: `n${n}` })));
    const { prev_hash, entries } = (await reopened()).undelivered(ALL, BYTES);
    expect(prev_hash).toBe(FIRST_PREV_HASH);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 64 }, (_, n) => n + 1));
    let before = prev_hash;
    for (const entry of entries) {
      expect(entryHash(EPOCH, before, entry)).toBe(entry.hash);
      before = entry.hash;
    }
  });

  it('takes only what the cell can read, so that nothing keeps what follows from being delivered', async () => {
    const found = (payload: Record<string, unknown>) => spool.append('trigger.found', { order_id: 'ord_1', instance_id: 'ins_1', cursor: 'c', payloads: [payload] });
    const deep = (levels: number): Record<string, unknown> => (levels === 0 ? {} : { inner: deep(levels - 1) });
    await found({ 'na\0me': ['a\0b', '\ud83d'], plain: '\\u0000' });
    await found(deep(58));
    await expect(found(deep(59))).rejects.toMatchObject({ code: 'entry_too_large' });
    await spool.append('agent.stopped', { reason: 'later' });
    const { entries } = spool.undelivered(ALL, BYTES);
    expect(parseJsonBody(Buffer.from(JSON.stringify({ epoch: EPOCH, first_seq: 1, entries })), BYTES)).toMatchObject({ entries: [
      { body: { payloads: [{ 'na\ufffdme': ['a\ufffdb', '\ufffd'], plain: '\\u0000' }] } }, { seq: 2 }, { body: { reason: 'later' } },
    ] });
  });

  it('gives at most what fits, and one entry that does not', async () => {
    for (let n = 0; n < 5; n += 1) await spool.append('agent.stopped', { reason: 'x'.repeat(1000) });
    expect(spool.undelivered(3, BYTES).entries).toHaveLength(3);
    expect(spool.undelivered(ALL, 2_500).entries).toHaveLength(2);
    expect(spool.undelivered(ALL, 1).entries).toHaveLength(1);
  });

  it('forgets what the cell has, and nothing else; what is told twice is no matter', async () => {
    for (let n = 0; n < 3; n += 1) await spool.append('agent.stopped', { reason: `${n}` });
    const second = spool.undelivered(ALL, BYTES).entries[1]!;
    await spool.delivered(2, second.hash);
    await spool.delivered(2, second.hash);
    await spool.delivered(1, 'anything');
    const left = (await reopened()).undelivered(ALL, BYTES);
    expect(left.prev_hash).toBe(second.hash);
    expect(left.entries.map(({ seq }) => seq)).toEqual([3]);
    expect(await spool.append('agent.stopped', { reason: 'next' })).toBe(4);
  });

  it('stops when the cell has something else than it was given', async () => {
    await spool.append('agent.started', { version: '1' });
    await expect(spool.delivered(1, 'f'.repeat(64))).rejects.toMatchObject({ code: 'spool_forked' });
    await expect(spool.delivered(7, 'f'.repeat(64))).rejects.toMatchObject({ code: 'spool_forked' });
    expect(spool.undelivered(ALL, BYTES).entries).toHaveLength(1);
  });

  it('writes all of a piece of work or nothing, and those of the others of the turn all the same', async () => {
    const broken = spool.commit((tx) => {
      tx.append('agent.started', { version: 'lost' });
      tx.takeOrder({ id: 'ord_1', step_id: 'stp_1', fence: 1, envelope_sha256: 'a', begin_before: '2026-11-21T10:01:00.000Z' });
      throw new RangeError('no');
    });
    const whole = spool.append('agent.started', { version: 'kept' });
    await expect(broken).rejects.toThrow(RangeError);
    expect(await whole).toBe(1);
    expect((await reopened()).undelivered(ALL, BYTES).entries.map(({ body }) => body)).toEqual([{ version: 'kept' }]);
    expect(await spool.commit((tx) => tx.order('ord_1'))).toBeUndefined();
  });

  it('remembers orders, fences, calls and small facts', async () => {
    const call = { call_id: 'call_1', idempotency_key: 'k1', order_id: 'ord_1', state: 'intended', intended_at: '2026-11-21T10:00:00.000Z', record: { action: 'secret text' } } as const;
    await spool.commit((tx) => {
      tx.takeOrder({ id: 'ord_1', step_id: 'stp_1', fence: 7, envelope_sha256: 'a', begin_before: '2026-11-21T10:01:00.000Z' });
      tx.keepContent('ord_1', { text: 'secret text' });
      tx.putCall(call);
      tx.keep('cursor', 'c1');
    });
    await reopened();
    await spool.commit((tx) => {
      expect(tx.highestFence('stp_1')).toBe(7);
      expect(tx.highestFence('stp_2')).toBe(0);
      expect(tx.call('call_2', 'k1')).toEqual(call);
      expect(tx.kept('cursor')).toBe('c1');
      expect(tx.openOrders().map(({ id }) => id)).toEqual(['ord_1']);
      expect([tx.content('ord_1'), tx.content('ord_2')]).toEqual([{ text: 'secret text' }, undefined]);
      tx.putCall({ ...call, state: 'succeeded', record: 1 });
      tx.moveOrder('ord_1', 'ended');
      tx.receiptsTold(tx.receiptsToTell());
    });
    await spool.commit((tx) => {
      expect(tx.content('ord_1')).toBeUndefined();
      expect(tx.call('call_1', '')).toMatchObject({ state: 'succeeded', record: 1 });
      tx.forgetOrders(new Date('2026-11-21T10:00:59.000Z'));
      expect(tx.order('ord_1')).toMatchObject({ state: 'ended', receipt_known: true });
      tx.forgetOrders(new Date('2026-11-21T10:02:00.000Z'));
      expect(tx.order('ord_1')).toBeUndefined();
      expect(tx.call('call_1', 'k1')).toBeUndefined();
    });
  });

  it('lets the next call take the idempotency key of one that failed, and of no other', async () => {
    const call = { call_id: 'call_1', idempotency_key: 'k1', order_id: 'ord_1', state: 'failed', intended_at: '', record: 1 } as const;
    await spool.commit((tx) => tx.putCall(call));
    await spool.commit((tx) => tx.putCall({ ...call, call_id: 'call_2', state: 'uncertain' }));
    await expect(spool.commit((tx) => tx.putCall({ ...call, call_id: 'call_3' }))).rejects.toThrow('UNIQUE');
    expect(await spool.commit((tx) => tx.call('', 'k1'))).toMatchObject({ call_id: 'call_2' });
  });

  it('says when there is something to deliver', async () => {
    const seen: string[] = [];
    const awaited = spool.whenUndelivered().then(() => seen.push('awaited'));
    await spool.commit((tx) => tx.keep('a', 'fact'));
    seen.push('a fact is nothing to deliver');
    await spool.append('agent.started', { version: '1' });
    await awaited;
    await spool.whenUndelivered();
    expect(seen).toEqual(['a fact is nothing to deliver', 'awaited']);
  });

  it('holds no text on the disk, and is for its owner alone', async () => {
    await spool.append('agent.stopped', { reason: 'the ticket says: canary-8812' });
    await spool.commit((tx) => tx.putCall({ call_id: 'call_1', idempotency_key: 'k', order_id: 'o', state: 'intended', intended_at: '', record: 'canary-8812' }));
    for (const name of ['', 'spool.db', 'spool.db-wal', 'spool.key', 'spool.reserve']) expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    spool.close();
    expect(readFileSync(join(folder, 'spool.db')).includes('canary-8812')).toBe(false);
  });

  it('is open in one process only', async () => {
    await expect(openForTest(folder)).rejects.toMatchObject({ code: 'spool_in_use' });
  });
});

describe('a damaged spool', () => {
  const damage: Record<string, string> = {
    'a missing entry': 'DELETE FROM entries WHERE seq = 2',
    'a missing end': 'DELETE FROM entries WHERE seq = 3',
    'another time': "UPDATE entries SET occurred_at = '2026-11-21T09:00:00.000Z' WHERE seq = 2",
    'another offset': 'UPDATE entries SET clock_offset_ms = 5 WHERE seq = 2',
    'another kind': "UPDATE entries SET kind = 'agent.started' WHERE seq = 2",
    'another hash': "UPDATE entries SET hash = 'ff' WHERE seq = 2",
    'a body of another place': 'UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE seq = 1) WHERE seq = 2',
    'a bit of a body': "UPDATE entries SET sealed = CAST(substr(sealed, 1, 14) || CASE substr(sealed, 15, 1) WHEN X'00' THEN X'01' ELSE X'00' END || substr(sealed, 16) AS BLOB) WHERE seq = 2",
  };

  it.each(Object.entries(damage))('with %s is not opened, and nothing of it is deleted', async (_, sql) => {
    for (let n = 0; n < 3; n += 1) await spool.append('agent.stopped', { reason: `${n}` });
    spool.close();
    const database = new DatabaseSync(join(folder, 'spool.db'));
    database.exec(sql);
    const rows = database.prepare('SELECT count(*) AS n FROM entries').get();
    database.close();
    await expect(openForTest(folder)).rejects.toMatchObject({ code: 'spool_damaged' });
    const after = new DatabaseSync(join(folder, 'spool.db'));
    expect(after.prepare('SELECT count(*) AS n FROM entries').get()).toEqual(rows);
    after.close();
  });

  it('with the key of another, or without one, is not opened, nor is a file that is none', async () => {
    spool.close();
    rmSync(join(folder, 'spool.key'));
    await expect(openForTest(folder)).rejects.toMatchObject({ code: 'key_file_missing' });
    writeFileSync(join(folder, 'spool.key'), Buffer.alloc(32, 1).toString('base64'), { mode: 0o600 });
    await expect(openForTest(folder)).rejects.toMatchObject({ code: 'spool_damaged' });
    writeFileSync(join(folder, 'spool.db'), 'no database at all, but a text that is long enough to be read as a header of one, if anybody cared to try');
    await expect(openForTest(folder)).rejects.toMatchObject({ code: 'spool_damaged' });
  });
});

describe('a spool that is damaged while it is open', () => {
  it('takes no work from then on, gives nothing that is not whole, and deletes nothing', async () => {
    for (let n = 0; n < 50; n += 1) await spool.append('agent.stopped', { reason: 'x'.repeat(100_000) });
    const file = openSync(join(folder, 'spool.db'), 'r+');
    for (let at = 64 * 1024; at < 5 * 1024 * 1024; at += 8192) writeSync(file, Buffer.alloc(4096, 7), 0, 4096, at);
    closeSync(file);
    expect(() => spool.undelivered(ALL, BYTES)).toThrow(expect.objectContaining({ code: 'spool_damaged' }));
    expect(spool.room()).toMatchObject({ open: false, state: 'damaged', orders: 0 });
    await expect(spool.append('agent.stopped', { reason: 'x' })).rejects.toMatchObject({ code: 'spool_damaged' });
    expect(statSync(join(folder, 'spool.db')).size).toBeGreaterThan(4 * 1024 * 1024);
  });
});

describe('a process that is killed', () => {
  it.each([1, 16])('loses nothing that it has said is written, %i at a time, and can be killed again and again', async (at_a_time) => {
    spool.close();
    let said = 0;
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'testing/writer-process.ts'), folder, String(at_a_time)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        said = Math.max(said, ...line.split(' ').map(Number));
        lines += 1;
        if (lines === 3 + round * 5) child.kill('SIGKILL');
      }
      await ended;
    }
    spool = await openForTest(folder);
    const { entries } = spool.undelivered(ALL, BYTES);
    expect(entries.length).toBeGreaterThanOrEqual(said);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, n) => n + 1));
  });
});
