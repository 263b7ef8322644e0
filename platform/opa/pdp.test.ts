import { afterEach, describe, expect, test } from 'vitest';
import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { canonicalText, digestOf, digestOfBytes } from '../canonical-json/canonicalize.ts';
import { structuredFile } from './bundle/contents.ts';
import { signBundle } from './bundle/sign.ts';
import type { BundleClaims, SignedBundle } from './bundle/sign.ts';
import { SCOPE, TENANT, seededFiles, testClaims, testKey } from './bundle/testing.ts';
import { createPdp } from './pdp.ts';
import type { Pdp } from './pdp.ts';
import type { PdpOptions } from './pdp-options.ts';
import type { PdpEvent } from './pdp-status.ts';
import { readVectors } from '../../policies/vectors/read-vectors.ts';

const NOW = new Date('2026-01-05T09:00:00Z');
const TTL_MS = 15 * 60_000;
const key = testKey('key_1');
const vectors = await readVectors();
const files = await seededFiles();
const write = vectors.find(({ name }) => name === 'itsm: a write needs a person')?.input as PolicyInput;

const running: Pdp[] = [];
afterEach(() => Promise.all(running.splice(0).map((pdp) => pdp.stop())));

/** A source and a clock in the hands of the test, and everything that the decision point said. */
function harness(changes: Partial<PdpOptions> = {}) {
  const world = {
    now: NOW,
    bundle: null as SignedBundle | null,
    reachable: true,
    asked: [] as Array<string | null>,
    highest: 0,
    events: [] as PdpEvent[],
  };
  const pdp = createPdp({
    tenant: TENANT,
    scope: SCOPE,
    keys: key.verification,
    clock: { now: () => world.now },
    refresh_ms: 300_000,
    ttl_ms: TTL_MS,
    deadline_ms: 1_000,
    highestSeq: { get: async () => world.highest, put: async (seq) => void (world.highest = seq) },
    source: {
      latest: async (known) => {
        world.asked.push(known);
        if (!world.reachable || world.bundle === null) throw new Error('connection refused');
        return known === world.bundle.digest ? 'not_modified' : { bytes: world.bundle.bytes, etag: world.bundle.digest };
      },
    },
    onEvent: (event) => world.events.push(event),
    ...changes,
  });
  running.push(pdp);
  return { world, pdp };
}

const sign = (changes: Partial<BundleClaims> = {}, signedFiles = files) => signBundle({ files: signedFiles, claims: testClaims(NOW, { exp: NOW.getTime() / 1000 + 86_400, ...changes }), key: key.signing });
const later = (ms: number) => new Date(NOW.getTime() + ms);
const ruleOf = async (pdp: Pdp, input = write) => {
  const { outcome, reasons } = await pdp.decide(input);
  return `${outcome} ${reasons[0]?.rule}`;
};

describe('decides as the vectors say', async () => {
  const { world, pdp } = harness();
  running.splice(0);
  world.bundle = await sign();
  await pdp.refresh();

  test.each(vectors)('$name', async ({ input, expect: expected }) => {
    const { outcome, reasons, obligations } = await pdp.decide(input);
    expect({ outcome, rules: reasons.map(({ rule }) => rule), obligations }).toEqual(
      // The contract stops an unknown risk before policy sees it.
      input.action.risk === ('unheard_of' as string) ? { outcome: 'DENY', rules: ['input_invalid'], obligations: {} } : expected,
    );
  });

  test('the record names the bundle, the input and the time it took', async () => {
    const decision = await pdp.decide(write, { at: later(60_000) });
    expect(decision.bundle).toEqual({ revision: 'base-itsm@test', seq: 1, digest: world.bundle?.digest, age_ms: 60_000, expires_at: later(TTL_MS).toISOString() });
    expect(decision.input_digest).toBe(digestOf(write));
    expect(decision.evaluated_us).toBeGreaterThan(0);
    await pdp.stop();
  });
});

describe('fails closed', () => {
  test('without a bundle: bundle_missing', async () => {
    const { pdp } = harness();
    expect(await ruleOf(pdp)).toBe('DENY bundle_missing');
    await pdp.refresh();
    expect(await pdp.decide(write)).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'bundle_missing', message: expect.stringContaining('connection refused') }], bundle: null });
    expect(pdp.status()).toMatchObject({ state: 'missing', last_failure: { code: 'source_unavailable' } });
  });

  test('with a bundle that had expired before it was first seen: bundle_stale', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign({ exp: NOW.getTime() / 1000 - 1 });
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('DENY bundle_stale');
    expect(pdp.status()).toMatchObject({ state: 'stale', bundle: null });
  });

  test('with a bundle by another key and none before it: bundle_invalid', async () => {
    const { world, pdp } = harness();
    world.bundle = await signBundle({ files, claims: testClaims(NOW), key: testKey('key_1').signing });
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('DENY bundle_invalid');
    expect(pdp.status()).toMatchObject({ state: 'invalid', last_failure: { code: 'bundle_signature_invalid' } });
  });

  test('a bad bundle changes nothing about the good one before it, until its TTL', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign();
    await pdp.refresh();
    world.bundle = await signBundle({ files, claims: testClaims(NOW, { seq: 2 }), key: testKey('key_1').signing });
    world.now = later(TTL_MS - 1);
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('REQUIRE_HITL itsm/write_needs_approval');
    world.now = later(TTL_MS);
    expect(await ruleOf(pdp)).toBe('DENY bundle_stale');
    expect(pdp.status()).toMatchObject({ state: 'stale', time_left_ms: 0, last_failure: { code: 'bundle_signature_invalid' } });
    expect((await pdp.decide(write)).bundle).toBe(null);
  });

  test('a source that is gone: stale after the TTL, and fresh again when it is back', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign();
    await pdp.refresh();
    world.reachable = false;
    world.now = later(TTL_MS + 1);
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('DENY bundle_stale');
    world.reachable = true;
    await pdp.refresh();
    expect(world.asked.at(-1)).toBe(world.bundle.digest);
    expect(world.events.at(-1)).toEqual({ kind: 'bundle_confirmed', seq: 1 });
    expect(await ruleOf(pdp)).toBe('REQUIRE_HITL itsm/write_needs_approval');
  });

  test('a bundle that keeps being confirmed still ends with its signed expiry', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign({ exp: NOW.getTime() / 1000 + 60 });
    await pdp.refresh();
    world.now = later(59_999);
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('REQUIRE_HITL itsm/write_needs_approval');
    world.now = later(60_000);
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('DENY bundle_stale');
  });

  test('an older bundle is refused, after a restart too', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign({ seq: 7 });
    await pdp.refresh();
    expect(world.highest).toBe(7);
    world.bundle = await sign({ seq: 6 });
    await pdp.refresh();
    expect(pdp.status()).toMatchObject({ state: 'fresh', bundle: { seq: 7 }, last_failure: { code: 'bundle_rolled_back' } });

    const restarted = harness({ highestSeq: { get: async () => world.highest, put: async () => {} } });
    restarted.world.bundle = await sign({ seq: 6 });
    await restarted.pdp.refresh();
    expect(await ruleOf(restarted.pdp)).toBe('DENY bundle_invalid');
  });

  test('a sequence that cannot be remembered is not accepted', async () => {
    const { world, pdp } = harness({ highestSeq: { get: async () => 0, put: () => Promise.reject(new Error('database is gone')) } });
    world.bundle = await sign();
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('DENY bundle_missing');
  });

  test('a source that says not modified before it gave anything proves nothing', async () => {
    const { pdp } = harness({ source: { latest: async () => 'not_modified' } });
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('DENY bundle_invalid');
  });

  test('an input that breaks its contract, is of another tenant, or is not JSON', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign();
    await pdp.refresh();
    const broken = (changes: object): PolicyInput => ({ ...write, ...changes });
    expect(await ruleOf(pdp, broken({ surprise: 1 }))).toBe('DENY input_invalid');
    expect(await ruleOf(pdp, broken({ action: { ...write.action, digest: 'sha256:short' } }))).toBe('DENY input_invalid');
    expect(await ruleOf(pdp, broken({ tenant: { id: 'ten_2', slug: 'other' } }))).toBe('DENY tenant_mismatch');
    expect(await ruleOf(pdp, broken({ parameters: { at: new Date(0) } }))).toBe('DENY input_invalid');
    expect(await ruleOf(pdp, null as unknown as PolicyInput)).toBe('DENY input_invalid');
    const decision = await pdp.decide(broken({ parameters: { secret: Number.NaN } }));
    expect(decision.reasons[0]?.message).toBe('The policy input is not plain JSON: /parameters/secret: JSON has no NaN and no Infinity');
    expect(decision.input_digest).toBe(digestOf(null));
  });
});

describe('a new bundle', () => {
  test('that fails a probe of its own is not used, and the one before goes on', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign();
    await pdp.refresh();
    const manifest = JSON.parse(Buffer.from(files.get('.manifest') ?? []).toString());
    manifest.metadata.countersign.probes[0].outcome = 'ROUTE';
    world.bundle = await sign({ seq: 2 }, new Map([...files, ['.manifest', structuredFile('.manifest', manifest)]]));
    await pdp.refresh();
    expect(pdp.status()).toMatchObject({ state: 'fresh', bundle: { seq: 1 }, last_failure: { code: 'probe_failed' } });
    expect(world.highest).toBe(1);
  });

  test('whose WASM does not load is not used', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign({}, new Map([...files, ['policy.wasm', Buffer.from('\0asm broken')]]));
    await pdp.refresh();
    expect(await ruleOf(pdp)).toBe('DENY bundle_invalid');
    expect(pdp.status().last_failure?.code).toBe('evaluation_failed');
  });

  test('takes over while decisions are under way: each is answered by one of the two', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign();
    await pdp.refresh();
    const before = Array.from({ length: 200 }, () => pdp.decide(write));
    world.bundle = await sign({ seq: 2 });
    const refreshed = pdp.refresh();
    const during = Array.from({ length: 200 }, () => pdp.decide(write));
    await refreshed;
    const decisions = [...(await Promise.all([...before, ...during])), await pdp.decide(write)];
    expect(new Set(decisions.map(({ outcome }) => outcome))).toEqual(new Set(['REQUIRE_HITL']));
    expect(decisions[0]?.bundle?.seq).toBe(1);
    expect(decisions.at(-1)?.bundle?.seq).toBe(2);
  });

  test('is known by its digest', async () => {
    const { world, pdp } = harness();
    world.bundle = await sign();
    await pdp.refresh();
    expect(pdp.status().bundle?.digest).toBe(digestOfBytes(world.bundle.bytes));
    expect(world.events).toEqual([{ kind: 'bundle_activated', revision: 'base-itsm@test', seq: 1, digest: world.bundle.digest }]);
  });
});

test('two refreshes at once are one', async () => {
  const { world, pdp } = harness();
  world.bundle = await sign();
  await Promise.all([pdp.refresh(), pdp.refresh(), pdp.start()]);
  expect(world.asked).toEqual([null]);
});

test('start tries again by itself until there is a bundle', async () => {
  let activated = (): void => {};
  const seen = new Promise<void>((resolve) => (activated = resolve));
  const { world, pdp } = harness({ refresh_ms: 20, onEvent: (event) => event.kind === 'bundle_activated' && activated() });
  await pdp.start();
  expect(await ruleOf(pdp)).toBe('DENY bundle_missing');
  world.bundle = await sign();
  await seen;
  expect(await ruleOf(pdp)).toBe('REQUIRE_HITL itsm/write_needs_approval');
});

test('a source that never answers does not keep the process from ending', async () => {
  const { pdp } = harness({ source: { latest: () => new Promise(() => {}) } });
  const started = pdp.start();
  await pdp.stop();
  await started;
  expect(await ruleOf(pdp)).toBe('DENY bundle_missing');
});

test('stopped, it denies', async () => {
  const { world, pdp } = harness();
  world.bundle = await sign();
  await pdp.start();
  await pdp.stop();
  expect(await ruleOf(pdp)).toBe('DENY bundle_missing');
});

test('keys may rotate: they are asked for at each refresh', async () => {
  const next = testKey('key_2');
  let keys = key.verification;
  const { world, pdp } = harness({ keys: async () => keys });
  world.bundle = await sign();
  await pdp.refresh();
  world.bundle = await signBundle({ files, claims: testClaims(NOW, { seq: 2 }), key: next.signing });
  await pdp.refresh();
  expect(pdp.status()).toMatchObject({ bundle: { seq: 1 }, last_failure: { code: 'bundle_key_unknown' } });
  keys = new Map([...key.verification, ...next.verification]);
  await pdp.refresh();
  expect(pdp.status()).toMatchObject({ bundle: { seq: 2 }, last_failure: null });
});

test('what policy reads is what is hashed', () => {
  expect(digestOf(write)).toBe(digestOfBytes(canonicalText(write)));
});
