import { describe, expect, test } from 'vitest';
import { CIRCUIT_RULES } from '../health/health-store.ts';
import type { CircuitRules, HealthView, InstanceHealthStore, InstanceKey } from '../health/health-store.ts';

export interface HealthUnderTest {
  readonly store: InstanceHealthStore;
  /** Lets time pass for the store; what is real time to one is a moved clock to another. */
  pass(ms: number): Promise<void>;
  newKey(): InstanceKey;
}

/** Long against the latency of any statement: time passes only when the test says so. */
const RULES: CircuitRules = { ...CIRCUIT_RULES, failures: 3, openMs: 40_000, longestOpenMs: 100_000, probeMs: 60_000, failureWindowMs: 600_000 };

/** What every store of health does. */
export function instanceHealthConformance(name: string, make: () => HealthUnderTest): void {
  describe(`${name}: health of instances`, () => {
    const look = ({ store }: HealthUnderTest, key: InstanceKey): Promise<HealthView> => store.refresh(key, 0, null);

    async function opened(health: HealthUnderTest): Promise<InstanceKey> {
      const key = health.newKey();
      for (let failure = 1; failure <= RULES.failures; failure++) await health.store.failed(key, 'peer_timeout', RULES);
      return key;
    }

    test('an instance that nobody has complained about is healthy and unlimited', async () => {
      const health = make();
      expect(await look(health, health.newKey())).toEqual({ circuit: 'closed', failing: false, lastFailureCode: null, probeInMs: 0, blockedForMs: 0, window: null });
    });

    test('failures in a row open it, once, and an answer in between makes them no row', async () => {
      const health = make();
      const key = health.newKey();
      await health.store.failed(key, 'peer_timeout', RULES);
      await health.store.failed(key, 'peer_timeout', RULES);
      await health.store.succeeded(key);
      expect(await health.store.failed(key, 'peer_timeout', RULES)).toEqual({ from: 'closed', to: 'closed' });
      expect(await health.store.failed(key, 'peer_timeout', RULES)).toEqual({ from: 'closed', to: 'closed' });
      expect(await health.store.failed(key, 'http_503', RULES)).toEqual({ from: 'closed', to: 'open' });
      expect(await health.store.failed(key, 'http_503', RULES)).toEqual({ from: 'open', to: 'open' });
      expect(await look(health, key)).toMatchObject({ circuit: 'open', failing: true, lastFailureCode: 'http_503' });
    });

    test('nobody tries before its time, then exactly one of many does', async () => {
      const health = make();
      const key = await opened(health);
      expect(await health.store.takeProbe(key, RULES)).toBe(false);
      await health.pass(RULES.openMs);
      const taken = await Promise.all(Array.from({ length: 20 }, () => health.store.takeProbe(key, RULES)));
      expect(taken.filter(Boolean)).toHaveLength(1);
      expect(await look(health, key)).toMatchObject({ circuit: 'half_open' });
    });

    test('one that dies while it tries makes room for another', async () => {
      const health = make();
      const key = await opened(health);
      await health.pass(RULES.openMs);
      expect(await health.store.takeProbe(key, RULES)).toBe(true);
      await health.pass(RULES.probeMs);
      expect(await health.store.takeProbe(key, RULES)).toBe(true);
    });

    test('a probe that succeeds closes it and forgets everything; one that fails opens it for longer', async () => {
      const health = make();
      const key = await opened(health);
      await health.pass(RULES.openMs);
      await health.store.takeProbe(key, RULES);
      expect(await health.store.failed(key, 'peer_timeout', RULES)).toEqual({ from: 'half_open', to: 'open' });
      expect((await look(health, key)).probeInMs).toBeGreaterThan(RULES.openMs);
      await health.pass(2 * RULES.openMs);
      expect(await health.store.takeProbe(key, RULES)).toBe(true);
      expect(await health.store.succeeded(key)).toEqual({ from: 'half_open', to: 'closed' });
      expect(await look(health, key)).toMatchObject({ circuit: 'closed', failing: false, probeInMs: 0 });
      expect(await health.store.failed(key, 'peer_timeout', RULES)).toEqual({ from: 'closed', to: 'closed' });
    });

    test('silence that a peer asks for is kept until the later end', async () => {
      const health = make();
      const key = health.newKey();
      await health.store.blocked(key, 30_000);
      await health.store.blocked(key, 1_000);
      expect((await look(health, key)).blockedForMs).toBeGreaterThan(20_000);
    });

    test('a manifest\'s limit opens a window of a minute, in which requests of all add up', async () => {
      const health = make();
      const key = health.newKey();
      await health.store.refresh(key, 0, 100);
      await Promise.all(Array.from({ length: 10 }, () => health.store.refresh(key, 3, 100)));
      expect((await health.store.refresh(key, 0, 100)).window).toMatchObject({ limit: 100, count: 30, source: 'manifest' });
    });

    test('what the peer says takes the place of the manifest, and its count is believed when it is higher', async () => {
      const health = make();
      const key = health.newKey();
      await health.store.refresh(key, 5, 100);
      await health.store.learnt(key, { limit: 50, remaining: 20, resetsInMs: 30_000 });
      expect((await health.store.refresh(key, 2, 100)).window).toMatchObject({ limit: 50, count: 32, source: 'peer' });
      await health.store.learnt(key, { limit: 50, remaining: 40, resetsInMs: 30_000 });
      expect((await health.store.refresh(key, 0, 100)).window).toMatchObject({ count: 32 });
    });

    test('a peer that says no remaining is counted for; its window ends and teaches nothing any more', async () => {
      const health = make();
      const key = health.newKey();
      await health.store.learnt(key, { limit: 10, remaining: null, resetsInMs: 60_000 });
      expect((await health.store.refresh(key, 4, null)).window).toMatchObject({ limit: 10, count: 4, source: 'peer' });
      await health.pass(60_000);
      expect((await health.store.refresh(key, 1, null)).window).toBeNull();
    });

    test('instances and tenants know nothing of each other', async () => {
      const health = make();
      const key = await opened(health);
      const other = health.newKey();
      expect(await look(health, { ...key, instanceId: other.instanceId })).toMatchObject({ circuit: 'closed' });
      expect(await look(health, { ...other, instanceId: key.instanceId })).toMatchObject({ circuit: 'closed' });
    });
  });
}
