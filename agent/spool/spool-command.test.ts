import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentConfig } from '../config/agent-config.ts';
import { spoolCommand } from './spool-command.ts';
import { openForTest, scratchFolder } from './testing/open-for-test.ts';

const MIB = 1024 * 1024;
let config: Pick<AgentConfig, 'state_dir' | 'spool'>;

beforeEach(() => {
  config = { state_dir: scratchFolder(), spool: { limit_bytes: 8 * MIB, reserve_bytes: MIB / 4 } };
});

async function json(reported: Parameters<typeof spoolCommand>[2] = async () => null): Promise<unknown> {
  const { text, exit } = await spoolCommand(config, true, reported);
  return { exit, ...JSON.parse(text) as object };
}

async function withEntries(count: number): Promise<void> {
  const spool = await openForTest(config.state_dir);
  for (let n = 0; n < count; n += 1) await spool.append('agent.stopped', { reason: `${n}` });
  await spool.commit((tx) => tx.takeOrder({ id: 'ord_1', step_id: 's', fence: 1, envelope_sha256: '', begin_before: '' }));
  await spool.delivered(1, spool.undelivered(1, 1).entries[0]!.hash);
  spool.close();
}

describe('the spool command', () => {
  it('says what waits and that it is whole, and leaves it as it was', async () => {
    await withEntries(4);
    expect(await json()).toMatchObject({ exit: 0, state: 'open', waiting: 3, seq: 4, delivered_seq: 1, oldest_at: '2026-11-21T10:00:00.000Z', under_way: 1, room_for: 6, chain: 'whole', problem: null, reported_at: null });
    const { text } = await spoolCommand(config, false, async () => null);
    expect(text.split('\n')).toEqual([
      `Spool of ${config.state_dir}: open`, '  waiting      3 entries of 4, the oldest from 2026-11-21T10:00:00.000Z', '  size         0.1 MiB of 8 MiB',
      '  orders       1 under way, room for 6 more', '  chain        whole: each waiting entry is the one that was written',
    ]);
  });

  it('names the first entry that is not what was written', async () => {
    await withEntries(4);
    const database = new DatabaseSync(join(config.state_dir, 'spool.db'));
    database.exec("UPDATE entries SET occurred_at = '2026-11-21T09:00:00.000Z' WHERE seq = 3");
    database.close();
    expect(await json()).toMatchObject({ exit: 1, state: 'damaged', chain: 'broken', waiting: null, problem: { code: 'spool_damaged', message: expect.stringContaining('entry 3 is not the one that was written') } });
  });

  it('of a running agent gives what that has last said', async () => {
    const spool = await openForTest(config.state_dir);
    const status = { at: '2026-11-21T10:00:05.000Z', state: 'open', seq: 9, delivered_seq: 4, bytes: MIB } as const;
    expect(await json(async () => status)).toMatchObject({ exit: 0, state: 'in_use', waiting: 5, bytes: MIB, chain: 'not_read', reported_at: status.at });
    expect((await spoolCommand(config, false, async () => status)).text).toContain('As of 2026-11-21T10:00:05.000Z. Stop the agent');
    expect((await spoolCommand(config, false, async () => null)).text).toContain('It has written no status yet.');
    spool.close();
  });

  it('makes none where there is none', async () => {
    expect(await json()).toMatchObject({ exit: 1, state: 'none', problem: { code: 'spool_unusable' } });
    expect(() => readdirSync(config.state_dir)).toThrow('ENOENT');
  });
});
