import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { PollAnswer, UpgradeTold } from '@countersign/contracts/agent/protocol.ts';
import { RELEASE_FORMAT, RELEASE_PAYLOAD } from '@countersign/contracts/agent/release.ts';
import { envelopeOf, preAuthEncoding } from '@countersign/contracts/evidence/dsse.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { isSignedBy, openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { ApiReply } from '../../testing/control-plane-under-test.ts';
import { pollOf } from '../session/testing/session-under-test.ts';
import type { AgentClient } from '../testing/agent-client.ts';
import { AgentPort } from '../testing/agent-port.ts';

const PUBLISHER = generateKeyPairSync('ed25519');
const BYTES = Buffer.alloc(1_500_000, 'release');
const SHA256 = hash('sha256', BYTES, 'hex');
const REASON = 'The next version';

let folder: string;
let port: AgentPort;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'releases-'));
  await writeFile(path.join(folder, SHA256), BYTES);
  port = await AgentPort.start({ COUNTERSIGN_AGENT_RELEASES_DIR: folder });
});
afterAll(async () => {
  await port.stop();
  await rm(folder, { recursive: true });
});

const api = (method: string, at: string, json?: unknown): Promise<ApiReply> => port.plane.api(method, `/api/v1/agent-rollouts${at}`, json === undefined ? {} : { json });

function signedRelease(changes: object = {}): DsseEnvelope {
  const payload = canonicalBytes({ format: RELEASE_FORMAT, version: '0.4.0', platform: 'linux-x64', sha256: SHA256, size_bytes: BYTES.length, protocol: 1, ...changes });
  return envelopeOf(RELEASE_PAYLOAD, payload, [{ keyid: 'publisher', signature: sign(null, preAuthEncoding(RELEASE_PAYLOAD, payload), PUBLISHER.privateKey) }]);
}

/** An agent that was heard of, and how it asks. */
class Polling {
  readonly id: string;
  readonly client: AgentClient;

  private constructor(id: string, client: AgentClient) {
    this.id = id;
    this.client = client;
  }

  static async start(): Promise<Polling> {
    const agent = await port.agent();
    const polling = new Polling(agent.answer.agent_id, await port.open(agent));
    await polling.poll();
    return polling;
  }

  async poll(upgrade?: UpgradeTold): Promise<PollAnswer> {
    const { status, body } = await this.client.ask('POST', AGENT_PATHS.poll, { json: pollOf(upgrade === undefined ? {} : { upgrade }) });
    if (status !== 200) throw new TypeError(`${status} ${JSON.stringify(body)}`);
    return body as unknown as PollAnswer;
  }

  piece(range: string, sha256 = SHA256): ReturnType<AgentClient['ask']> {
    return this.client.ask('GET', `${AGENT_PATHS.releases}/${sha256}`, { headers: { range } });
  }
}

const told = (state: UpgradeTold['state'], code: string | null = null): UpgradeTold => ({ version: '0.4.0', sha256: SHA256, state, code });
const rollout = async (id: string): Promise<Record<string, unknown>> => ((await api('GET', '')).body['items'] as Array<Record<string, unknown>>).find((one) => one['id'] === id)!;
const audited = async (id: string): Promise<unknown[]> => (await port.plane.auditEvents()).filter(({ subject }) => subject.id === id).map(({ type, data }) => [type, data['code'] ?? data['state'] ?? null]);

test.each([
  ['what is no envelope over a release', { signature: { ...signedRelease(), payloadType: 'text/plain' } }, 'release_invalid'],
  ['a platform that there is not', { signature: signedRelease({ platform: 'plan9' }) }, 'release_invalid'],
  ['a file that is not among the releases', { signature: signedRelease({ sha256: 'f'.repeat(64) }) }, 'release_missing'],
  ['a file that is another than was signed', { signature: signedRelease({ size_bytes: 7 }) }, 'release_missing'],
  ['shares that do not rise to all', { shares: [50, 20, 100] }, 'shares_invalid'],
  ['a pool that there is not', { pool_id: 'apl_01h455vb4pex5vsknk084sn02q' }, 'pool_unknown'],
])('is not begun with %s', async (_what, changes, code) => {
  expect(await api('POST', '', { pool_id: port.poolId, signature: signedRelease(), reason: REASON, ...changes })).toMatchObject({ status: 422, body: { code } });
});

describe('a rollout', () => {
  let agents: Polling[];
  let id: string;
  beforeEach(async () => {
    agents = await Promise.all([1, 2, 3].map(() => Polling.start()));
    const made = await api('POST', '', { pool_id: port.poolId, signature: signedRelease(), shares: [30, 100], stage_min_s: 0, reason: REASON });
    expect(made).toMatchObject({ status: 201, body: { state: 'running', version: '0.4.0', stage: 0, agents: { under_way: 0, well: 0, failed: 0 } } });
    id = String(made.body['id']);
  });

  test('goes from one to all, halts at the first that fails, and goes on when a person says so', async () => {
    expect(await api('POST', '', { pool_id: port.poolId, signature: signedRelease(), reason: REASON })).toMatchObject({ status: 409, body: { code: 'rollout_running' } });
    // Its held poll ends with the offer; those of the others go on.
    const held = agents.map((agent) => ({ agent, answer: agent.poll() }));
    const first = await Promise.race(held.map(async ({ agent, answer }) => ({ agent, offer: (await answer).upgrade! })));
    expect(first.offer).toMatchObject({ version: '0.4.0', sha256: SHA256, size_bytes: BYTES.length });
    const { payload, signatures } = openedEnvelope(first.offer.signature, RELEASE_PAYLOAD)!;
    const keys = (await port.plane.api('GET', '/api/v1/keys')).body['keys'] as Array<{ purpose: string; public_jwk: Record<string, string> }>;
    for (const jwk of [PUBLISHER.publicKey.export({ format: 'jwk' }) as Record<string, string>, keys.find(({ purpose }) => purpose === 'agent_release')!.public_jwk]) {
      expect(signatures.some(({ signature }) => isSignedBy(jwk, RELEASE_PAYLOAD, payload, signature))).toBe(true);
    }

    const others = held.filter(({ agent }) => agent !== first.agent);
    expect(await first.agent.piece('bytes=0-99')).toMatchObject({ status: 206, headers: { 'content-length': '100', 'content-range': `bytes 0-99/${BYTES.length}` } });
    expect(await first.agent.piece('bytes=0-9999999')).toMatchObject({ status: 416, body: { code: 'range_invalid' } });
    expect(await others[0]!.agent.piece('bytes=0-99')).toMatchObject({ status: 404 });

    await first.agent.poll(told('well'));
    const [good, bad] = others;
    for (const { answer } of others) expect((await answer).upgrade?.sha256).toBe(SHA256);
    expect((await bad!.agent.poll(told('failed', 'not_well'))).upgrade).toBeNull();
    await expect.poll(() => rollout(id), { timeout: 10_000 }).toMatchObject({ state: 'halted', halt_code: 'agent_failed', halted_by: bad!.agent.id, stage: 1, agents: { well: 1, failed: 1, under_way: 1 } });
    expect((await good!.agent.poll()).upgrade).toBeNull();

    expect(await api('POST', `/${id}/resume`, { reason: 'Its disk was full' })).toMatchObject({ status: 200, body: { state: 'running', halt_code: null } });
    for (const { agent } of [good!, bad!]) {
      expect((await offered(agent)).sha256).toBe(SHA256);
      await agent.poll(told('well'));
    }
    await expect.poll(() => rollout(id), { timeout: 10_000 }).toMatchObject({ state: 'done', agents: { well: 3, failed: 0, under_way: 0 } });
    expect(await audited(id)).toEqual([['agent_rollout.started', null], ['agent_rollout.halted', 'agent_failed'], ['agent_rollout.resumed', null], ['agent_rollout.finished', null]]);
    expect(await audited(bad!.agent.id)).toEqual(expect.arrayContaining([['agent.upgraded', 'not_well'], ['agent.upgraded', 'well']]));
  }, 60_000);

  test('is halted by a person, and only one that runs', async () => {
    expect(await api('POST', `/${id}/halt`, { reason: 'Not today' })).toMatchObject({ status: 200, body: { state: 'halted', halt_code: 'person' } });
    expect(await api('POST', `/${id}/halt`, { reason: 'Not today' })).toMatchObject({ status: 409, body: { code: 'rollout_state' } });
    // One that works takes its place; the two are never at it together.
    const after = await api('POST', '', { pool_id: port.poolId, signature: signedRelease(), reason: REASON });
    expect(after.status).toBe(201);
    expect(await api('POST', `/${id}/resume`, { reason: 'After all' })).toMatchObject({ status: 409, body: { code: 'rollout_running' } });
    expect(await api('POST', '/aro_01h455vb4pex5vsknk084sn02q/resume', { reason: 'Not there' })).toMatchObject({ status: 404 });
  });
});

/** What a poll offers, after as many as it takes. */
async function offered(agent: Polling): Promise<NonNullable<PollAnswer['upgrade']>> {
  for (;;) {
    const { upgrade } = await agent.poll();
    if (upgrade !== null && upgrade !== undefined) return upgrade;
  }
}
