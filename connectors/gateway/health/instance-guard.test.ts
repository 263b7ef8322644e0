import { describe, expect, test } from 'vitest';
import { instanceHealthConformance } from '../testing/instance-health-conformance.ts';
import { MemoryInstanceHealth } from './memory-instance-health.ts';
import { InstanceGuard } from './instance-guard.ts';

let keys = 0;
const newKey = (): { tenantId: string; instanceId: string } => ({ tenantId: `ten_${++keys}`, instanceId: `ins_${keys}` });

instanceHealthConformance('memory', () => {
  let now_ms = 0;
  return { store: new MemoryInstanceHealth(() => now_ms), newKey, pass: (ms) => { now_ms += ms; return Promise.resolve(); } };
});

function guarded(believedForMs = 0) {
  let now_ms = 0;
  const store = new MemoryInstanceHealth(() => now_ms);
  const changes: string[] = [];
  const make = (): InstanceGuard => new InstanceGuard({ store, believedForMs, now: () => 0, onCircuitChange: (_key, { from, to, code }) => changes.push(`${from}>${to} ${code}`) });
  const pass = (ms: number): void => void (now_ms += ms);
  return { store, changes, pass, guard: make(), another: make(), key: newKey() };
}

describe('who may call an instance', () => {
  test('one that does not answer is left alone by every process until one call has tried it', async () => {
    const { pass, changes, guard, another, key } = guarded();
    for (let failure = 0; failure < 5; failure++) {
      expect(await guard.admit(key, null)).toBeNull();
      await guard.unreachable(key, 'peer_timeout');
    }
    expect(await another.admit(key, null)).toMatchObject({ code: 'circuit_open', message: expect.stringContaining('peer_timeout') as string });
    pass(10_000);
    expect(await another.admit(key, null)).toBeNull();
    expect(await guard.admit(key, null)).toMatchObject({ code: 'circuit_open' });
    await another.answered(key, 200, {});
    expect(await guard.admit(key, null)).toBeNull();
    expect(changes).toEqual(['closed>open peer_timeout', 'half_open>closed null']);
  });

  test.each([[502, true], [503, true], [504, true], [529, true], [500, false], [404, false], [401, false], [200, false]])('%i in a row opens the circuit: %s', async (status, opens) => {
    const { guard, key } = guarded();
    for (let n = 0; n < 6; n++) await guard.answered(key, status, {});
    expect((await guard.admit(key, null))?.code).toBe(opens ? 'circuit_open' : undefined);
  });

  test('a 429 silences every process for as long as the peer says', async () => {
    const { pass, guard, another, key } = guarded();
    await guard.answered(key, 429, { 'retry-after': '7' });
    expect(await another.admit(key, null)).toMatchObject({ code: 'instance_rate_limited', retryAfterMs: 7_000 });
    pass(7_000);
    expect(await another.admit(key, null)).toBeNull();
  });

  test('a peer without a remaining count is counted for, by all processes together', async () => {
    const { guard, another, key } = guarded();
    const headers = { 'x-ratelimit-limit': '4', 'x-ratelimit-reset': '60' };
    await guard.answered(key, 200, headers);
    await another.admit(key, null);
    await another.answered(key, 200, headers);
    await guard.answered(key, 200, headers);
    expect(await guard.admit(key, null)).toBeNull();
    expect(await another.admit(key, null)).toBeNull();
    await another.answered(key, 200, headers);
    await another.admit(key, null);
    expect(await guard.admit(key, null)).toMatchObject({ code: 'instance_rate_limited', message: expect.stringContaining('All 4 requests that the instance bears') as string });
  });

  test('what is known is read once for calls at the same moment, and again when its time is over', async () => {
    const { store, guard, key } = guarded(60_000);
    let reads = 0;
    const refresh = store.refresh.bind(store);
    store.refresh = (...of) => { reads += 1; return refresh(...of); };
    await Promise.all(Array.from({ length: 50 }, () => guard.admit(key, null)));
    await guard.admit(key, null);
    expect(reads).toBe(1);
  });
});
