import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignedBundle } from '@countersign/platform/opa/bundle/sign.ts';
import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import { inputWith } from '@countersign/platform/opa/testing.ts';
import { TrustedClock } from '../clock/trusted-clock.ts';
import { CELL_KEY, id, SELF, signedKeySet } from '../orders/testing/orders.ts';
import type { HeldKeys } from '../orders/held-keys.ts';
import type { AgentPolicy, BundleAnswer } from '../ports.ts';
import { openForTest, scratchFolder } from '../spool/testing/open-for-test.ts';
import type { Spool } from '../spool/spool.ts';
import { createAgentPolicy } from './agent-policy.ts';
import { agentBundle, bundlePair, BUNDLE_KEY, heldKeys, keySetWith } from './testing/bundles.ts';

const SCOPE = SELF.environment_id;
const TTL_MS = 900_000;
const STARTED = new Date();
const input = { ...inputWith({}), tenant: { id: SELF.tenant_id, slug: 'acme' } };

const evaluators = createEvaluatorPool({ threads: 1 });
afterAll(() => evaluators.close());

let now: Date;
let folder: string;
let spool: Spool;
let keys: HeldKeys;
let policy: AgentPolicy;
/** What the cell serves; null: it cannot be asked. */
let served: SignedBundle | null;
let asked: Array<string | null>;
let lines: unknown[];
let onChange: () => void;

beforeEach(async () => {
  now = STARTED;
  [served, asked, lines, keys, onChange] = [null, [], [], heldKeys(), () => undefined];
  spool = await openForTest(folder = scratchFolder());
  policy = made();
});
afterEach(async () => {
  await policy.close();
  spool.close();
});

function made(): AgentPolicy {
  const log = (fields: object, message: string): void => void lines.push([fields, message]);
  return createAgentPolicy({
    tenantId: SELF.tenant_id, scope: SCOPE, keys, spool, evaluators, clock: new TrustedClock(() => now), ttl_ms: TTL_MS,
    log: { info: log, warn: log, error: log }, changed: () => onChange(),
    fetchBundle: async (_scope, etag): Promise<BundleAnswer> => {
      asked.push(etag);
      if (served === null) throw new TypeError('no connection');
      return etag === served.digest ? { status: 304 } : { status: 200, body: served.bytes, etag: served.digest };
    },
  });
}

async function restarted(): Promise<void> {
  await policy.close();
  spool.close();
  spool = await openForTest(folder);
  policy = made();
  await policy.start();
}

const nextChange = (): Promise<void> => new Promise((resolve) => { onChange = resolve; });
const later = (ms: number): void => void (now = new Date(now.getTime() + ms));
const rule = async (): Promise<unknown> => (await policy.decide(input)).reasons[0]?.rule;
const told = (): unknown[] => spool.undelivered(100, 1e7).entries.map(({ kind, body }) => [kind, 'code' in body ? body.code : 'seq' in body ? body.seq : null]);
const decides = async (): Promise<boolean> => (await policy.decide(input)).bundle !== null && policy.held()[0]!.state === 'fresh';

describe('the policy of an agent', () => {
  it('decides by what the cell serves, and asks for it anew when a poll names another', async () => {
    served = await agentBundle(now);
    await policy.start();
    expect(await decides()).toBe(true);
    expect(policy.held()).toMatchObject([{ scope: SCOPE, seq: 4, digest: served.digest, state: 'fresh' }]);
    policy.told([{ scope: SCOPE, seq: 4, digest: served.digest }]);
    served = await agentBundle(now, { seq: 5, jti: 'bdl_2' });
    policy.told([{ scope: id('env', 'f'), seq: 9, digest: 'x' }]);
    const asksBefore = asked.length;
    policy.told([{ scope: SCOPE, seq: 5, digest: served.digest }]);
    expect(await policy.seq(SCOPE, 5)).toBe(5);
    expect(asked.length).toBe(asksBefore + 1);
    expect(told()).toEqual([['policy.changed', 4], ['policy.changed', 5]]);
  });

  it('denies while there is none', async () => {
    await policy.start();
    expect(await rule()).toBe('bundle_missing');
    expect(policy.held()).toMatchObject([{ seq: null, state: 'missing', expires_at: null }]);
    expect(await policy.seq(SCOPE, 1)).toBeNull();
    expect(told()).toEqual([]);
  });

  it('goes on by what it kept when it is started without its cell, until the time of that is over', async () => {
    served = await agentBundle(now);
    await policy.start();
    const expires_at = policy.held()[0]!.expires_at;
    served = null;
    later(TTL_MS - 1_000);
    await restarted();
    expect(await decides()).toBe(true);
    expect(policy.held()).toMatchObject([{ seq: 4, state: 'fresh', expires_at }]);
    later(2_000);
    expect(await rule()).toBe('bundle_stale');
    expect(await policy.seq(SCOPE, 4)).toBeNull();
    await restarted();
    expect(await rule()).toBe('bundle_stale');
    // Neither does it come back when somebody sets the clock back.
    later(-TTL_MS);
    await restarted();
    later(TTL_MS - 1_000);
    expect(await rule()).toBe('bundle_stale');
  });

  it('is confirmed by a cell that has nothing newer, and remembers that', async () => {
    served = await agentBundle(now);
    await policy.start();
    later(TTL_MS + 1_000);
    expect(await rule()).toBe('bundle_stale');
    expect(await policy.seq(SCOPE, 4)).toBe(4);
    served = null;
    later(TTL_MS - 1_000);
    await restarted();
    expect(await decides()).toBe(true);
  });

  it('is confirmed as soon as a poll shows that the cell is back', async () => {
    served = await agentBundle(now);
    await policy.start();
    const { digest } = served;
    later(TTL_MS + 1_000);
    expect(policy.held()[0]!.state).toBe('stale');
    const changed = nextChange();
    policy.told([{ scope: SCOPE, seq: 4, digest }]);
    await changed;
    expect(policy.held()[0]!.state).toBe('fresh');
  });

  it('never goes back to an older one, whatever the cell serves after a restart', async () => {
    served = await agentBundle(now, { seq: 7 });
    await policy.start();
    served = await agentBundle(now, { seq: 6, jti: 'bdl_0' });
    policy.told([{ scope: SCOPE, seq: 6, digest: served.digest }]);
    expect(await policy.seq(SCOPE, 8)).toBe(7);
    const asksSoFar = asked.length;
    for (let poll = 0; poll < 5; poll += 1) policy.told([{ scope: SCOPE, seq: 6, digest: served.digest }]);
    expect(asked.length).toBe(asksSoFar);
    await spool.commit((tx) => tx.keep(`policy/${SCOPE}/bundle`, '{"etag":"x","bytes":""}'));
    await restarted();
    expect(await policy.seq(SCOPE, 1)).toBeNull();
    expect(await rule()).toBe('bundle_invalid');
    expect(told()).toContainEqual(['policy.refused', 'bundle_rolled_back']);
  });

  it.each([
    ['of another tenant', 'bundle_wrong_tenant', () => agentBundle(STARTED, { tenant: id('ten', 'v') })],
    ['of another environment', 'bundle_wrong_scope', () => agentBundle(STARTED, { scope: id('env', 'f') })],
    ['signed by a key of nobody', 'bundle_signature_invalid', () => agentBundle(STARTED, {}, { pair: bundlePair('pb-1') })],
    ['signed by a key that is not held', 'bundle_key_unknown', () => agentBundle(STARTED, {}, { pair: bundlePair('pb-2') })],
    ['that has expired', 'bundle_expired', () => agentBundle(new Date(STARTED.getTime() - 7_200_000))],
    ['of bytes that are no bundle', 'bundle_malformed', async () => ({ ...await agentBundle(STARTED), bytes: Buffer.from('no bundle') })],
  ])('denies by a bundle %s, and tells it once', async (_, code, bundle) => {
    served = await bundle();
    await policy.start();
    expect(await policy.seq(SCOPE, 1)).toBeNull();
    expect(await policy.seq(SCOPE, 1)).toBeNull();
    expect((await policy.decide(input)).outcome).toBe('DENY');
    expect(await rule()).toMatch(/^bundle_/);
    expect(told()).toEqual([['policy.refused', code]]);
  });

  it('verifies what it holds again when keys change, and confirms nothing by a key that was revoked', async () => {
    served = await agentBundle(now);
    await policy.start();
    expect(keys.accept(signedKeySet(keySetWith(2, [{ ...BUNDLE_KEY.inKeySet, revoked: true }]), CELL_KEY))).toBe(true);
    for (let refresh = 0; refresh < 2; refresh += 1) {
      later(TTL_MS);
      expect(await policy.seq(SCOPE, 4)).toBeNull();
    }
    expect(await rule()).toBe('bundle_stale');
    expect(told()).toEqual([['policy.changed', 4], ['policy.refused', 'bundle_key_unknown']]);
    await restarted();
    expect(await rule()).toBe('bundle_invalid');
  });
});
