import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { UpgradeOffer } from '@countersign/contracts/agent/protocol.ts';
import { RELEASE_FORMAT, RELEASE_PAYLOAD } from '@countersign/contracts/agent/release.ts';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';
import type { PublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { HeldKeys } from '../orders/held-keys.ts';
import { CELL_KEY, keySet, SELF, signed, signedKeySet, signingPair } from '../orders/testing/orders.ts';
import type { SigningPair } from '../orders/testing/orders.ts';
import { CellConnection } from '../session/cell-connection.ts';
import { TlsCell } from '../session/testing/tls-cell.ts';
import { Upgrades } from './upgrades.ts';
import type { UpgradesParts } from './upgrades.ts';
import { VersionsFolder } from './versions-folder.ts';

const RELEASE_KEY = signingPair('rel-1');
const PUBLISHER = signingPair('publisher');
const STRANGER = signingPair('stranger');
const set = keySet(1, [CELL_KEY]);
const HELD = HeldKeys.first(signedKeySet({ ...set, keys: [...set.keys, { kid: RELEASE_KEY.kid, purpose: 'agent_release', algorithm: 'EdDSA', jwk: RELEASE_KEY.jwk, revoked: false }] }, CELL_KEY), SELF.tenant_id)!;

/** A program that is really started: it says its version, unless it is told to fail. */
const program = (version: string, more = ''): Buffer => Buffer.from(`#!/bin/sh\n${more}\necho "countersign-agent ${version} (protocol 1)"\n#${'x'.repeat(1_500_000)}\n`);

let cell: TlsCell;
let connection: CellConnection;
let state_dir: string;
let served = new Map<string, Buffer>();
let asked: string[] = [];
let running: Upgrades[] = [];
let switches = 0;

beforeAll(async () => {
  cell = await TlsCell.start(serve);
});
afterAll(() => cell.stop());
beforeEach(async () => {
  [served, asked, running, switches] = [new Map(), [], [], 0];
  state_dir = await mkdtemp(path.join(tmpdir(), 'upgrades-'));
  connection = await CellConnection.open({ url: cell.url, ca_pem: cell.authority.certificate_pem, proxy: null }, null);
});
afterEach(async () => {
  for (const upgrades of running) upgrades.stop();
  connection.close();
  await rm(state_dir, { recursive: true });
});

/** Releases as the agent port gives them: by ranges. */
function serve(request: Http2ServerRequest, response: Http2ServerResponse): void {
  const bytes = served.get(request.url.slice(AGENT_PATHS.releases.length + 1));
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers['range'])) ?? [];
  asked.push(String(request.headers['range']));
  if (bytes === undefined || from === undefined) return void response.writeHead(404).end();
  response.writeHead(206).end(bytes.subarray(Number(from), Number(to) + 1));
}

interface Offering { readonly says?: Partial<AgentRelease>; readonly offers?: Partial<UpgradeOffer>; readonly signers?: readonly SigningPair[] }

function offerOf(bytes: Buffer, version: string, { says = {}, offers = {}, signers = [RELEASE_KEY, PUBLISHER] }: Offering = {}): UpgradeOffer {
  const sha256 = hash('sha256', bytes, 'hex');
  served.set(sha256, bytes);
  const release: AgentRelease = { format: RELEASE_FORMAT, version, platform: 'linux-x64', sha256, size_bytes: bytes.length, protocol: 1, ...says };
  const envelopes = signers.map((signer) => signed(RELEASE_PAYLOAD, release, signer));
  const signature: DsseEnvelope = { ...envelopes[0]!, signatures: envelopes.flatMap(({ signatures }) => signatures) };
  return { version: release.version, sha256: release.sha256, size_bytes: release.size_bytes, signature, ...offers };
}

async function start(changes: Partial<UpgradesParts> = {}): Promise<Upgrades> {
  const upgrades = await Upgrades.start({
    folder: new VersionsFolder(state_dir), trust: { keys: HELD, publisher: PUBLISHER.jwk as unknown as PublisherJwk, version: '0.1.0', platform: 'linux-x64' }, running: 'what-runs-now',
    ask: (question) => connection.ask(question), onSwitch: () => { switches += 1; }, log: createLogger('test', 'silent'), ...changes,
  });
  running.push(upgrades);
  return upgrades;
}

async function told(offer: UpgradeOffer, changes: Partial<UpgradesParts> = {}): Promise<ReturnType<Upgrades['told']>> {
  const upgrades = await start(changes);
  upgrades.heard(offer);
  await upgrades.settled();
  return upgrades.told();
}

describe('a release that is offered', () => {
  it('is fetched in pieces, checked, tried and made the one to run; only then the agent is asked to switch', async () => {
    const bytes = program('0.2.0');
    const offer = offerOf(bytes, '0.2.0');
    expect(await told(offer)).toEqual({ version: '0.2.0', sha256: offer.sha256, state: 'waiting', code: null });
    expect(switches).toBe(1);
    expect(asked).toEqual(['bytes=0-1048575', `bytes=1048576-${bytes.length - 1}`]);
    const folder = new VersionsFolder(state_dir);
    expect(await readFile(folder.fileOf(offer))).toEqual(bytes);
    expect((await stat(folder.fileOf(offer))).mode & 0o777).toBe(0o700);
    expect(await folder.read()).toMatchObject({ current: { version: '0.2.0', sha256: offer.sha256 }, previous: null, probation: { starts: 0 } });
  });

  it.each<[string, Offering, string]>([
    ['by a key of the tenant alone, when the publisher is known', { signers: [RELEASE_KEY] }, 'release_untrusted'],
    ['by the publisher alone', { signers: [PUBLISHER] }, 'release_untrusted'],
    ['by the key for orders in place of the one for releases', { signers: [CELL_KEY, PUBLISHER] }, 'release_untrusted'],
    ['by a stranger', { signers: [STRANGER, PUBLISHER] }, 'release_untrusted'],
    ['and offered as another version', { offers: { version: '0.3.0' } }, 'release_untrusted'],
    ['and offered with other bytes', { offers: { sha256: 'f'.repeat(64) } }, 'release_untrusted'],
    ['for another platform', { says: { platform: 'darwin-arm64' } }, 'release_unsuitable'],
    ['and is older than what runs', { says: { version: '0.0.9' } }, 'release_unsuitable'],
  ])('and signed %s is refused before a byte of it is here', async (_what, offering, code) => {
    expect(await told(offerOf(program('0.2.0'), '0.2.0', offering))).toMatchObject({ state: 'failed', code });
    expect([asked, switches]).toEqual([[], 0]);
  });

  it('has other bytes than were signed: refused, and none of it stays', async () => {
    const offer = offerOf(program('0.2.0'), '0.2.0');
    served.set(offer.sha256, program('0.2.1'));
    expect(await told(offer)).toMatchObject({ state: 'failed', code: 'release_altered' });
    await expect(stat(new VersionsFolder(state_dir).fileOf(offer))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([['cannot be started', program('0.2.0', 'echo broken >&2; exit 3')], ['is not what it says', program('0.1.9')]])('%s: refused', async (_what, bytes) => {
    expect(await told(offerOf(bytes, '0.2.0'))).toMatchObject({ state: 'failed', code: 'self_test_failed' });
    expect(switches).toBe(0);
  });

  it('is not tried twice, after a restart neither, until it was withdrawn and is offered again', async () => {
    const offer = offerOf(program('0.2.0', '[ -e "$0.mended" ] || exit 1'), '0.2.0');
    expect(await told(offer)).toMatchObject({ state: 'failed' });
    const upgrades = await start();
    upgrades.heard(offer);
    await upgrades.settled();
    expect(asked).toHaveLength(2);
    expect(upgrades.told()).toMatchObject({ state: 'failed' });
    upgrades.heard(null);
    expect(upgrades.told()).toBeUndefined();
    upgrades.heard(offer);
    await upgrades.settled();
    expect(asked).toHaveLength(4);
  });

  it('is withdrawn while it is fetched or tried: it is not run, and that is no failure', async () => {
    const offer = offerOf(program('0.2.0'), '0.2.0');
    const upgrades = await start({ selfTest: async () => upgrades.heard(null) });
    upgrades.heard(offer);
    await upgrades.settled();
    expect([upgrades.told(), switches]).toEqual([undefined, 0]);
    served.clear();
    upgrades.heard(offer);
    await upgrades.settled();
    expect([upgrades.told(), switches]).toEqual([undefined, 0]);
  });

  it('runs already, installed by hand: it is well', async () => {
    const offer = offerOf(program('0.2.0'), '0.2.0');
    expect(await told(offer, { running: offer.sha256 })).toEqual({ version: '0.2.0', sha256: offer.sha256, state: 'well', code: null });
  });

  it('could not be fetched because the connection broke: nothing is told, and it is tried again', async () => {
    const offer = offerOf(program('0.2.0'), '0.2.0');
    const upgrades = await start();
    connection.close();
    upgrades.heard(offer);
    await upgrades.settled();
    expect(upgrades.told()).toMatchObject({ state: 'fetching' });
    connection = await CellConnection.open({ url: cell.url, ca_pem: cell.authority.certificate_pem, proxy: null }, null);
    upgrades.heard(offer);
    await upgrades.settled();
    expect(upgrades.told()).toMatchObject({ state: 'waiting' });
  });
});

describe('a version that was just started', () => {
  const [OLD, NEW] = [{ version: '0.1.0', sha256: 'a'.repeat(64) }, { version: '0.2.0', sha256: 'b'.repeat(64) }];
  beforeEach(() => new VersionsFolder(state_dir).write({ current: NEW, previous: OLD, probation: { starts: 1 }, installed: '/usr/local/bin/countersign-agent', told: null }));

  it('works when the cell has answered it three times', async () => {
    const upgrades = await start({ running: NEW.sha256 });
    expect(upgrades.told()).toMatchObject({ ...NEW, state: 'probation' });
    for (const _poll of [1, 2]) upgrades.heard(null);
    expect(upgrades.told()).toMatchObject({ state: 'probation' });
    upgrades.heard(null);
    expect(upgrades.told()).toEqual({ ...NEW, state: 'well', code: null });
    await expect.poll(() => new VersionsFolder(state_dir).read()).toMatchObject({ current: NEW, probation: null });
  });

  it('that the cell does not answer gives way to the one before, and the cell is told', async () => {
    const upgrades = await start({ running: NEW.sha256, probation_ms: 20 });
    upgrades.heard(null);
    await expect.poll(() => switches).toBe(1);
    expect(upgrades.told()).toEqual({ ...NEW, state: 'failed', code: 'not_well' });
    expect(await new VersionsFolder(state_dir).read()).toMatchObject({ current: OLD, previous: null, probation: null });
  });
});
