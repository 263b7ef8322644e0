import { describe, expect, test } from 'vitest';
import type { CallIdentity } from '../call-identity.ts';
import { EffectExistsError, StaleLeaseError } from '../ports.ts';
import type { EffectKey, Intent } from '../ports.ts';
import type { StoreHarness } from './store-harness.ts';
import { actionOf, decisionOf, failed, intentOf, OUTPUT, RECEIPT, SUCCEEDED } from './store-records.ts';

let keys = 0;

function freshKey(): EffectKey {
  keys += 1;
  return { action: 'servicenow/incident.update', text: `INC${Date.now()}:${keys}`, parametersDigest: `sha256:${'a'.repeat(64)}` };
}

/** What holds of keys that workflows name: their scope is the environment and the action, not the run. */
export function keyConformance(name: string, makeHarness: () => Promise<StoreHarness>): void {
  const intend = async ({ store, instanceId }: StoreHarness, call: CallIdentity, key: EffectKey): Promise<string> => {
    const action = actionOf(instanceId, call);
    const changes: Partial<Intent> = { idempotencyKey: key.text, parametersDigest: key.parametersDigest };
    return (await store.commitIntent(call, decisionOf(instanceId, action, 'ALLOW'), intentOf(action, null, changes))).callId;
  };

  describe(`idempotency keys: ${name}`, () => {
    test('an effect is found by its key from another run, as what it is', async () => {
      const harness = await makeHarness();
      const [first, second, key] = [await harness.leasedCall(), await harness.leasedCall(), freshKey()];
      const callId = await intend(harness, first, key);
      expect(await harness.store.findEffect(second, key)).toMatchObject({ callId, state: 'intended', ofThisCall: false, runId: first.run.id, parametersDigest: key.parametersDigest });
      expect(await harness.store.findEffect(first, key)).toMatchObject({ callId, ofThisCall: true });
      await harness.store.commitOutcome(first, callId, { ...SUCCEEDED, receipt: RECEIPT });
      expect(await harness.store.findEffect(second, key)).toMatchObject({ callId, state: 'succeeded', output: OUTPUT, receipt: RECEIPT });
    });

    test('another key, another action and no key find nothing', async () => {
      const harness = await makeHarness();
      const [first, second, key] = [await harness.leasedCall(), await harness.leasedCall(), freshKey()];
      await intend(harness, first, key);
      expect(await harness.store.findEffect(second, freshKey())).toBeNull();
      expect(await harness.store.findEffect(second, { ...key, action: 'servicenow/incident.create' })).toBeNull();
      expect(await harness.store.findEffect(second, null)).toBeNull();
    });

    test('only one intent gets the key, until it has failed', async () => {
      const harness = await makeHarness();
      const [first, second, key] = [await harness.leasedCall(), await harness.leasedCall(), freshKey()];
      const callId = await intend(harness, first, key);
      await expect(intend(harness, second, key)).rejects.toThrow(EffectExistsError);
      await harness.store.commitOutcome(first, callId, failed('failed'));
      expect(await harness.store.findEffect(second, key)).toBeNull();
      await expect(intend(harness, second, key)).resolves.toBeTruthy();
    });

    test('of many at once exactly one gets the key', async () => {
      const harness = await makeHarness();
      const key = freshKey();
      const calls = await Promise.all(Array.from({ length: 16 }, () => harness.leasedCall()));
      const results = await Promise.allSettled(calls.map((call) => intend(harness, call, key)));
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(EffectExistsError);
    });

    test('an uncertain effect may be settled by who finds it under the key, and by nobody else', async () => {
      const harness = await makeHarness();
      const [first, second, key] = [await harness.leasedCall(), await harness.leasedCall(), freshKey()];
      const callId = await intend(harness, first, key);
      const done = { ...SUCCEEDED, receipt: RECEIPT };
      await expect(harness.store.commitOutcome(second, callId, done, key)).rejects.toThrow(StaleLeaseError);
      await harness.store.commitOutcome(first, callId, failed('uncertain'));
      await expect(harness.store.commitOutcome(second, callId, done)).rejects.toThrow(StaleLeaseError);
      await expect(harness.store.commitOutcome(second, callId, done, freshKey())).rejects.toThrow(StaleLeaseError);
      await harness.store.commitOutcome(second, callId, done, key);
      expect(await harness.store.findEffect(first, key)).toMatchObject({ callId, state: 'succeeded', ofThisCall: true });
    });

    test('a replay is recorded under the lease', async () => {
      const harness = await makeHarness();
      const [first, second, key] = [await harness.leasedCall(), await harness.leasedCall(), freshKey()];
      await harness.store.commitOutcome(first, await intend(harness, first, key), { ...SUCCEEDED, receipt: RECEIPT });
      const effect = await harness.store.findEffect(second, key);
      await harness.store.commitReplay(second, effect!, key);
      await harness.claimedAgain(second);
      await expect(harness.store.commitReplay(second, effect!, key)).rejects.toThrow(StaleLeaseError);
    });
  });
}
