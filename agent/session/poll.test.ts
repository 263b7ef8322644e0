import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PollAnswer, PollRequest } from '@countersign/contracts/agent/protocol.ts';
import { TrustedClock } from '../clock/trusted-clock.ts';
import { HeldKeys } from '../orders/held-keys.ts';
import { CELL_KEY, id, keySet, orderFor, SELF, signedKeySet, signingPair } from '../orders/testing/orders.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import type { Spool } from '../spool/spool.ts';
import { CellConnection } from './cell-connection.ts';
import { poll } from './poll.ts';
import type { Polled } from './poll.ts';
import { TlsCell } from './testing/tls-cell.ts';

const ANSWER: PollAnswer = { orders: [], policy: [], key_set: null, kill_switches: [], state: 'active', server_time: '2026-11-21T10:05:00.000Z' };
const MACHINE = new Date('2026-11-21T10:00:00.000Z');
let cell: TlsCell;
let answer: object | 'nothing' = ANSWER;
const asked: PollRequest[] = [];
let spool: Spool;
let connection: CellConnection;
let polled: Polled;
let kept: number[];
let refusedKeys = 0;

beforeAll(async () => {
  cell = await TlsCell.start((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).once('end', () => {
      asked.push(JSON.parse(Buffer.concat(chunks).toString()) as PollRequest);
      if (answer === 'nothing') return response.stream.session?.destroy();
      response.end(JSON.stringify(answer));
    });
  });
});
afterAll(() => cell.stop());
beforeEach(async () => {
  answer = ANSWER;
  asked.length = 0;
  kept = [];
  refusedKeys = 0;
  spool = await openForTest(scratchFolder());
  connection = await CellConnection.open({ url: cell.url, ca_pem: cell.authority.certificate_pem, proxy: null }, null);
  polled = {
    spool, refused: () => [], clock: new TrustedClock(() => MACHINE), machine: () => MACHINE, keys: HeldKeys.first(signedKeySet(keySet(1, [CELL_KEY]), CELL_KEY), SELF.tenant_id)!,
    keepKeys: async ({ seq }) => void kept.push(seq),
    onKeysRefused: async () => void (refusedKeys += 1),
    state: () => ({ version: '0.1.0', free: 8, capacity: 8, under_way: [], draining: false, policy: [], labels: { site: 'fra1' }, connections: [], memory_bytes: 1 }),
  };
});
afterEach(() => {
  connection.close();
  spool.close();
});

const take = (): Promise<void> => spool.commit((tx) => tx.takeOrder({ id: id('ord', 'q'), step_id: 's', fence: 1, envelope_sha256: '', begin_before: '' }));

describe('a poll', () => {
  it('says how the agent is, and learns the time and what there is to do', async () => {
    answer = { ...ANSWER, orders: [await orderFor()], more: 'than this version knows' };
    expect((await poll(polled, connection)).orders).toHaveLength(1);
    expect(asked[0]).toMatchObject({ protocol: 1, received: [], free: 8, key_set_seq: 1, clock: MACHINE.toISOString(), spool: { seq: 0, state: 'open' }, labels: { site: 'fra1' } });
    expect(polled.clock.now()).toEqual(new Date('2026-11-21T10:05:00.000Z'));
  });

  it('tells of an order until an answer shows that the cell has heard it', async () => {
    await take();
    answer = 'nothing';
    await expect(poll(polled, connection)).rejects.toMatchObject({ code: 'cell_silent' });
    connection = await CellConnection.open({ url: cell.url, ca_pem: cell.authority.certificate_pem, proxy: null }, null);
    answer = ANSWER;
    await poll(polled, connection);
    await poll(polled, connection);
    expect(asked.map(({ received }) => received)).toEqual([[id('ord', 'q')], [id('ord', 'q')], []]);
  });

  it('takes newer keys that a held one signed, keeps them, and takes no others', async () => {
    const next = signingPair('wo-2');
    answer = { ...ANSWER, key_set: signedKeySet(keySet(2, [CELL_KEY, next]), CELL_KEY) };
    await poll(polled, connection);
    answer = { ...ANSWER, key_set: signedKeySet(keySet(3, [signingPair('wo-9')]), signingPair('wo-9')) };
    await poll(polled, connection);
    expect([kept, polled.keys.seq, asked[1]!.key_set_seq, refusedKeys]).toEqual([[2], 2, 2, 1]);
  });

  it('that is answered with something else changes nothing', async () => {
    await take();
    answer = { ...ANSWER, orders: 'many' };
    await expect(poll(polled, connection)).rejects.toMatchObject({ code: 'answer_invalid' });
    expect(await spool.commit((tx) => tx.receiptsToTell())).toEqual([id('ord', 'q')]);
    expect(polled.clock.offset_ms()).toBe(0);
  });
});
