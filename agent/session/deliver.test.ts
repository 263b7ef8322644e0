import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliverRequest } from '@countersign/contracts/agent/protocol.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import type { Spool } from '../spool/spool.ts';
import { backoff } from './backoff.ts';
import { CellConnection } from './cell-connection.ts';
import { deliver } from './deliver.ts';
import { MemoryInbox } from './testing/inbox.ts';
import { TlsCell } from './testing/tls-cell.ts';

type Fate = 'answered' | 'lost before' | 'lost after' | 'refused';

let cell: TlsCell;
let inbox: MemoryInbox;
let spool: Spool;
let folder: string;
/** What becomes of each delivery in turn; afterwards all are answered. */
let fates: Fate[] = [];

beforeAll(async () => {
  cell = await TlsCell.start((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).once('end', () => {
      const fate = fates.shift() ?? 'answered';
      if (fate === 'lost before') return response.stream.session?.destroy();
      if (fate === 'refused') {
        response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '7' });
        return response.end(JSON.stringify({ code: 'unavailable', detail: 'The database does not answer.' }));
      }
      const answer = inbox.take(JSON.parse(Buffer.concat(chunks).toString()) as DeliverRequest);
      if (fate === 'lost after') return response.stream.session?.destroy();
      response.writeHead(typeof answer === 'string' ? 409 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(typeof answer === 'string' ? { code: answer } : answer));
    });
  });
});
afterAll(() => cell.stop());
beforeEach(async () => {
  fates = [];
  inbox = new MemoryInbox();
  spool = await openForTest(folder = scratchFolder());
});
afterEach(() => spool.close());

const connect = (): Promise<CellConnection> => CellConnection.open({ url: cell.url, ca_pem: cell.authority.certificate_pem, proxy: null }, null);

/** Delivers until nothing is left, with a new connection after each that broke. */
async function deliverAll(): Promise<number> {
  let failures = 0;
  for (;;) {
    const connection = await connect();
    try {
      while (await deliver(spool, connection) > 0);
      return failures;
    } catch (error) {
      if ((error as { code?: string }).code === 'spool_forked') throw error;
      failures += 1;
    } finally {
      connection.close();
    }
  }
}

describe('what an agent has to tell', () => {
  it('is with the cell once and in order, whatever is lost on the way and however often the agent stops', async () => {
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(Array.from({ length: 300 }, (_, n) => spool.append('agent.stopped', { reason: `${round}/${n}` })));
      fates = (['lost after', 'refused', 'lost before', 'lost after', 'answered', 'lost after'] as const).slice(round);
      expect(await deliverAll()).toBeGreaterThan(0);
      spool.close();
      spool = await openForTest(folder);
    }
    expect(inbox.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 1200 }, (_, n) => n + 1));
    expect(inbox.entries.map(({ body }) => (body as { reason: string }).reason)).toEqual(Array.from({ length: 1200 }, (_, n) => `${Math.floor(n / 300)}/${n % 300}`));
    expect(spool.undelivered(10, 1e6).entries).toEqual([]);
  });

  it('is kept where the cell says no, with its reason and when to come again', async () => {
    await spool.append('agent.started', { version: '1' });
    fates = ['refused'];
    const connection = await connect();
    await expect(deliver(spool, connection)).rejects.toMatchObject({ code: 'cell_refused', problem: { status: 503, code: 'unavailable', retry_after_s: 7 } });
    expect(await deliver(spool, connection)).toBe(1);
    expect(await deliver(spool, connection)).toBe(0);
    connection.close();
  });

  it('is not given to a cell that holds something else in its place', async () => {
    const other = await openForTest(scratchFolder());
    await other.append('agent.started', { version: 'of another disk' });
    const connection = await connect();
    await deliver(other, connection);
    other.close();
    await spool.append('agent.started', { version: '1' });
    await expect(deliver(spool, connection)).rejects.toMatchObject({ code: 'cell_refused', problem: { code: 'spool_forked' } });
    expect(spool.undelivered(10, 1e6).entries).toHaveLength(1);
    connection.close();
  });
});

describe('the wait before it is tried again', () => {
  it('grows to a minute, and is somewhere between nothing and that', () => {
    expect([1, 2, 3, 7, 50].map((failures) => backoff(failures, 1))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
    expect(backoff(5, 0)).toBe(0);
  });

  it('is what the cell asks for, up to ten minutes', () => {
    expect([backoff(1, 0.5, 7), backoff(1, 0.5, 86_400)]).toEqual([7_000, 600_000]);
  });
});
