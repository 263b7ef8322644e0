import { expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { CallIdentity } from '../call-identity.ts';
import { InstanceBusyError } from '../concurrency.ts';
import type { StoreHarness } from './store-harness.ts';
import { actionOf, decisionOf, intentOf, SUCCEEDED } from './store-records.ts';

/** How many calls may be under way to one instance, asked of every `GatewayStore`. */
export function concurrencyConformance(makeHarness: () => Promise<StoreHarness>): void {
  const LIMIT = 3;
  const intend = async ({ store }: StoreHarness, instanceId: string, call: CallIdentity): Promise<string> => {
    const action = actionOf(instanceId, call);
    return (await store.commitIntent(call, decisionOf(instanceId, action, 'ALLOW'), intentOf(action, null, { risk: 'read', concurrency: LIMIT }))).callId;
  };

  test('never more calls than the limit are under way, however many ask at once; one that ends makes room', async () => {
    const harness = await makeHarness();
    const instanceId = newId('connector_instance');
    const calls = await Promise.all(Array.from({ length: 12 }, () => harness.leasedCall()));
    const asked = await Promise.allSettled(calls.map((call) => intend(harness, instanceId, call)));
    const begun = asked.flatMap((result, index) => (result.status === 'fulfilled' ? [{ call: calls[index]!, callId: result.value }] : []));
    expect(begun).toHaveLength(LIMIT);
    for (const result of asked) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(InstanceBusyError);
    await harness.store.commitOutcome(begun[0]!.call, begun[0]!.callId, { ...SUCCEEDED, receipt: null });
    await intend(harness, instanceId, await harness.leasedCall());
    await expect(intend(harness, instanceId, await harness.leasedCall())).rejects.toThrow(InstanceBusyError);
    for (const { call, callId } of begun.slice(1)) await harness.store.commitOutcome(call, callId, { ...SUCCEEDED, receipt: null });
  });

  test('what a step calls in its turn does not wait for the step itself', async () => {
    const harness = await makeHarness();
    const call = await harness.leasedCall();
    const instanceId = newId('connector_instance');
    for (const callKey of ['main', 'main/a#1', 'main/a#2', 'main/a#3', 'main/a#4']) await intend(harness, instanceId, { ...call, callKey });
  });
}
