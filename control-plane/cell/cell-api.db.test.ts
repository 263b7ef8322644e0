import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { PdpStatus } from '@countersign/platform/opa/pdp-status.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' }); });
afterAll(() => plane.stop());

/** As a worker writes it with its heartbeat. */
function beat(id: string, policy: unknown): Promise<unknown> {
  return plane.database.execution.forNoTenant((tx) => tx.change({ name: 'test.beat', text: `INSERT INTO execution.workers (id, version, policy) VALUES ($1, '1.0.0', $2)` }, [id, JSON.stringify(policy)]));
}

function statusOf(tenant: string, scope: string, changes: Partial<PdpStatus> = {}): PdpStatus {
  return {
    tenant, scope, state: 'fresh', bundle: { revision: 'base-itsm-1', seq: 7, digest: `sha256:${'1'.repeat(64)}`, age_ms: 2_000, expires_at: '2026-11-21T10:15:00.000Z' },
    age_ms: 2_000, time_left_ms: 898_000, ttl_ms: 900_000, refreshes: { succeeded: 3, failed: 1 }, last_refresh_at: '2026-11-21T10:00:00.000Z', last_failure: null, ...changes,
  };
}

test('each worker says what it decides by and until when, in the environments of this tenant and of no other', async () => {
  const { tenantId, environmentId } = plane.tenant;
  const failure = { at: '2026-11-21T10:01:00.000Z', code: 'bundle_expired', message: 'the bundle expired' };
  await beat('worker-1', [
    statusOf(newId('tenant'), bundleScope(newId('environment'))), statusOf(tenantId, bundleScope(environmentId)),
    statusOf(tenantId, bundleScope(environmentId, 'shadow'), { state: 'invalid', bundle: null, age_ms: null, time_left_ms: 0, last_refresh_at: null, last_failure: failure }),
  ]);
  await beat('worker-2', {});
  const { body } = await plane.api('GET', '/api/v1/cell');
  expect(body['workers']).toMatchObject([
    {
      id: 'worker-1',
      policy: [
        { environment_id: environmentId, mode: 'enforce', state: 'fresh', revision: 'base-itsm-1', seq: 7, confirmed_at: '2026-11-21T10:00:00.000Z', expires_at: '2026-11-21T10:15:00.000Z', ttl_s: 900, refreshes: { succeeded: 3, failed: 1 }, last_failure: null },
        { environment_id: environmentId, mode: 'shadow', state: 'invalid', revision: null, seq: null, confirmed_at: null, expires_at: null, last_failure: failure },
      ],
    },
    { id: 'worker-2', policy: [] },
  ]);
});
