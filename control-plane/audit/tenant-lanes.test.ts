import { expect, test } from 'vitest';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { TenantLanes } from './tenant-lanes.ts';

const log = createLogger('test', 'silent');

test('whose peer hangs holds up nobody else, is under way once, and is looked at again when more was told of meanwhile', async () => {
  const [hanging, begun, again] = [Promise.withResolvers<boolean>(), [] as string[], [] as string[]];
  const lanes = new TenantLanes({ log, again: (tenantId, when) => again.push(`${tenantId} ${when}`), work: (tenantId) => {
    begun.push(tenantId);
    return tenantId === 'slow' ? hanging.promise : Promise.resolve(tenantId === 'much');
  } });
  lanes.begin(['slow', 'quick', 'much']);
  await expect.poll(() => again).toEqual(['much now']);
  lanes.begin(['slow', 'quick']);
  expect(begun).toEqual(['slow', 'quick', 'much', 'quick']);
  hanging.resolve(false);
  await lanes.stop();
  expect(again).toEqual(['much now', 'slow now']);
});

test('where all lanes are taken a tenant is looked at again, and one that fails leaves its lane', async () => {
  const [hanging, again] = [Promise.withResolvers<boolean>(), [] as string[]];
  const lanes = new TenantLanes({ log, lanes: 1, again: (tenantId, when) => again.push(`${tenantId} ${when}`), work: () => hanging.promise });
  lanes.begin(['first', 'second']);
  expect(again).toEqual(['second later']);
  hanging.reject(new TypeError('its peer is away'));
  await lanes.stop();
  lanes.begin(['second']);
  expect(again).toEqual(['second later']);
  await lanes.stop();
});
