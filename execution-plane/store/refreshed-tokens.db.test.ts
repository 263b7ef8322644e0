import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CredentialValue, RefreshAnswer } from '@countersign/connectors/gateway/ports.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import { Plant } from '../testing/plant.ts';
import { PostgresRefreshedTokens } from './refreshed-tokens.ts';

/** A token endpoint that takes each refresh token once, and takes one that comes twice for a theft: everything is refused from then on. */
class StrictPeer {
  asked = 0;
  stolen = false;
  #current = 'stored';
  readonly #server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => {
      this.asked += 1;
      this.stolen ||= new URLSearchParams(body).get('refresh_token') !== this.#current;
      if (this.stolen) {
        response.writeHead(400).end('{"error":"invalid_grant"}');
        return;
      }
      this.#current = `refresh-${this.asked}`;
      response.end(JSON.stringify({ access_token: `access-${this.asked}`, expires_in: 3_600, refresh_token: this.#current }));
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** As the gateway asks. */
  readonly ask = async (refreshToken: string): Promise<RefreshAnswer> => {
    const response = await fetch(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }) });
    if (!response.ok) throw new TypeError(`refused: ${response.status}`);
    const answer = await response.json() as { access_token: string; expires_in: number; refresh_token: string };
    return { accessToken: answer.access_token, expires_in_s: answer.expires_in, refreshToken: answer.refresh_token };
  };

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let plant: Plant;
let rings: OpenKeys[];
let peer: StrictPeer;
let credential: Extract<CredentialValue, { kind: 'oauth_refresh_token' }>;
beforeAll(async () => {
  plant = await Plant.open();
  rings = await Promise.all([1, 2].map(() => openKeys(plant.config().keys, { databaseUrl: plant.database.executionUrl })));
});
afterAll(async () => {
  await Promise.all(rings.map((ring) => ring.close()));
  await plant.close();
});
beforeEach(async () => {
  peer = new StrictPeer();
  await peer.start();
  const id = newId('credential');
  const insert: Statement = { name: 'test.credential', text: `INSERT INTO control.credentials (tenant_id, id, name, kind, sealed) VALUES ($1, $2, $2, 'oauth_refresh_token', '\\x00')` };
  await plant.database.control.forTenant(plant.ids.tenantId, (tx) => tx.change(insert, [plant.ids.tenantId, id]));
  credential = { kind: 'oauth_refresh_token', id, version: 1, clientId: 'c', clientSecret: 's', refreshToken: 'stored', tokenPath: '/token' };
  return () => peer.stop();
});

const worker = (n: number): PostgresRefreshedTokens => new PostgresRefreshedTokens(plant.database.execution, rings[n]!.keys);
const tokenOf = async (tokens: PostgresRefreshedTokens, { fresh = false, of = credential } = {}): Promise<string> => (await tokens.accessToken(plant.ids.tenantId, of, fresh, peer.ask)).value;

test('many calls in two workers at the same moment ask the peer once, and all use what it gave', async () => {
  const workers = [worker(0), worker(1)];
  const tokens = await Promise.all(Array.from({ length: 12 }, (_, i) => tokenOf(workers[i % 2]!)));
  expect([new Set(tokens), peer.asked, peer.stolen]).toEqual([new Set(['access-1']), 1, false]);
});

test('each answer goes with the refresh token that came with the one before, whoever asks; a token that the peer does not take is replaced once for both', async () => {
  const [one, other] = [worker(0), worker(1)];
  expect([await tokenOf(one), await tokenOf(other)]).toEqual(['access-1', 'access-1']);
  expect(await tokenOf(other, { fresh: true })).toBe('access-2');
  // The first hears of the 401 later: there is a newer token already.
  expect(await tokenOf(one, { fresh: true })).toBe('access-2');
  expect(await tokenOf(one, { fresh: true })).toBe('access-3');
  expect([peer.asked, peer.stolen]).toEqual([3, false]);
});

test('a refusal is told, and the next call asks again; a credential that was stored anew begins anew', async () => {
  await tokenOf(worker(0));
  peer.stolen = true;
  await expect(tokenOf(worker(0), { fresh: true })).resolves.toBe('access-1');
  const one = worker(1);
  await tokenOf(one);
  await expect(tokenOf(one, { fresh: true })).rejects.toThrow('refused: 400');
  await expect(tokenOf(one, { fresh: true })).rejects.toThrow('refused: 400');
  const anew = { ...credential, version: 2, refreshToken: 'of the new authorisation' };
  const asked: string[] = [];
  const given = await one.accessToken(plant.ids.tenantId, anew, false, (token) => {
    asked.push(token);
    return Promise.resolve({ accessToken: 'new', expires_in_s: 600, refreshToken: null });
  });
  expect([asked, given.value]).toEqual([['of the new authorisation'], 'new']);
  expect(await tokenOf(worker(0), { of: anew })).toBe('new');
});

test('nothing of it stands in the clear', async () => {
  await tokenOf(worker(0));
  const [row] = await plant.database.execution.forTenant(plant.ids.tenantId, (tx) => tx.rows<Record<string, unknown>>({ name: 'test.row', text: 'SELECT * FROM execution.refreshed_tokens WHERE credential_id = $1' }, [credential.id]));
  const held = Object.values(row!).map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value))).join(' ');
  expect(held).toContain(credential.id);
  expect(held).not.toMatch(/access-1|refresh-1/);
});
