import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE, PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import { loadContract } from '@countersign/platform/http/contract.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';

const operations = await loadContract(fileURLToPath(new URL('../../contracts/openapi/openapi.yaml', import.meta.url)));
/** Every operation but the stream, whose 200 never ends; it has a test of its own beside the hub. */
const guarded = operations.filter((operation) => !['public', 'cell'].includes(PERMISSIONS[operation.id as OperationId] as string));

describe('who may call what is what contracts/openapi/permissions.ts says', () => {
  let plane: ControlPlaneUnderTest;
  const people = new Map<string, TestPrincipal>();

  beforeAll(async () => {
    plane = await ControlPlaneUnderTest.start();
    for (const role of EVERY_ROLE) people.set(role, await plane.principal([role]));
    people.set('no role', await plane.principal([]));
  });
  afterAll(() => plane.stop());

  test('the table names every operation of the contract and no other', () => {
    expect(Object.keys(PERMISSIONS).toSorted()).toEqual(operations.map((operation) => operation.id).toSorted());
  });

  test('nobody gets in without credentials, or with wrong ones', async () => {
    const [known] = people.values();
    const wrong = [null, 'nonsense', `${known?.key.slice(0, -1)}${known?.key.endsWith('A') ? 'B' : 'A'}`, `cs_key_${newId('tenant')}_${newId('api_key')}_${'A'.repeat(43)}`];
    for (const { method, path } of guarded) {
      for (const key of wrong) {
        const reply = await plane.api(method.toUpperCase(), concrete(path), { key });
        expect({ path, status: reply.status, code: reply.body['code'] }).toEqual({ path, status: 401, code: 'unauthenticated' });
      }
      const byCookie = await plane.api(method.toUpperCase(), concrete(path), { key: null, headers: { cookie: `countersign_session=${newId('tenant')}.${newId('session')}.${'A'.repeat(43)}` } });
      expect({ path, status: byCookie.status }).toEqual({ path, status: 401 });
    }
  });

  test.each([...EVERY_ROLE, 'no role'])('%s', async (role) => {
    const { key } = people.get(role) ?? {};
    for (const { id, method, path } of guarded) {
      const permission = PERMISSIONS[id as OperationId];
      const allowed = permission === 'signed_in' || (permission as readonly string[]).includes(role);
      const reply = await statusOf(plane, method, concrete(path), key ?? '');
      expect({ id, refused: reply.code === 'forbidden' }).toEqual({ id, refused: !allowed });
      expect([id, reply.status >= 500]).toEqual([id, false]);
    }
  });

  test('another tenant\'s things look exactly like things that do not exist', async () => {
    const other = await plane.principal(EVERY_ROLE, await plane.otherTenant());
    for (const path of [`/api/v1/runs/${newId('run')}`, `/api/v1/approvals/${newId('approval')}`, `/api/v1/runs/${newId('run')}/evidence`, `/api/v1/policy-bundles/${plane.tenant.environmentId}`]) {
      const reply = await plane.api('GET', path, { key: other.key });
      expect([path, reply.status, reply.body['code']]).toEqual([path, 404, 'not_found']);
    }
  });
});

/** The event stream is looked at only until its headers have come. */
async function statusOf(plane: ControlPlaneUnderTest, method: string, path: string, key: string): Promise<{ status: number; code: unknown }> {
  if (path !== '/api/v1/events') {
    const reply = await plane.api(method.toUpperCase(), path, { key });
    return { status: reply.status, code: reply.body['code'] };
  }
  const abort = new AbortController();
  const response = await fetch(`${plane.url}${path}`, { headers: { authorization: `Bearer ${key}` }, signal: abort.signal });
  const code = response.status === 200 ? undefined : ((await response.json()) as { code: string }).code;
  abort.abort();
  return { status: response.status, code };
}

function concrete(path: string): string {
  return path.replace('{run_id}', newId('run')).replace('{approval_id}', newId('approval')).replace('{workflow_id}', newId('workflow'))
    .replace('{version}', '1').replace('{environment}', 'prod').replace('{scope}', 'x')
    .replace('{layer}', 'tenant').replace('{draft_id}', newId('policy_draft')).replace('{release_id}', newId('policy_release')).replace('{environment_id}', newId('environment'));
}
