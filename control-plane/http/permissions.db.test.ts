import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE, OPEN_TO_ANY_SCOPE, OPERATION_PERMISSION, PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId, PermissionName, Role } from '@countersign/contracts/openapi/permissions.ts';
import { loadContract } from '@countersign/platform/http/contract.ts';
import type { ContractOperation } from '@countersign/platform/http/contract.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';
import { concretePath } from '../testing/path-ids.ts';

const operations = await loadContract(fileURLToPath(new URL('../../contracts/openapi/openapi.yaml', import.meta.url)));
const needing = (...needs: readonly string[]): readonly ContractOperation[] => operations.filter(({ id }) => needs.includes(OPERATION_PERMISSION[id as OperationId]));
const ofTheCell = needing('cell');
const guarded = operations.filter((operation) => ![...needing('public'), ...ofTheCell].includes(operation));
/** Which an answer must not be told from. */
const NOBODY = { status: 401, code: 'unauthenticated' };

describe('who may call what is what contracts/openapi/permissions.ts says', () => {
  let plane: ControlPlaneUnderTest;
  const people = new Map<string, TestPrincipal>();

  beforeAll(async () => {
    plane = await ControlPlaneUnderTest.start();
    for (const role of EVERY_ROLE) people.set(role, await plane.principal([role]));
    people.set('no role', await plane.principal([]));
  });
  afterAll(() => plane.stop());

  const change = (text: string, values: readonly unknown[]): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.slice(0, 50)}`, text }, values));
  const keyIdOf = (key: string): string => /key_[0-9a-z]{26}/.exec(key.slice('cs_key_'.length))?.[0] ?? '';

  test('the table names every operation of the contract and no other, and the walk leaves out what is written down and nothing else', async () => {
    expect(Object.keys(OPERATION_PERMISSION).toSorted()).toEqual(operations.map((operation) => operation.id).toSorted());
    const walked = new Set([...guarded, ...ofTheCell, ...needing('public')].map(({ id }) => id));
    const uncovered = JSON.parse(await readFile(new URL('uncovered-operations.json', import.meta.url), 'utf8')) as unknown;
    expect(operations.filter(({ id }) => !walked.has(id)).map(({ id }) => id)).toEqual(uncovered);
  });

  test.each(['no credentials', 'nonsense', 'a key that is wrong by a letter', 'a key of no tenant', 'an expired key', 'a revoked key', 'a key of somebody disabled', 'an unknown session'])('nobody gets in with %s', async (what) => {
    const credentials = await wrong(what);
    await each(guarded, async ({ id, method, path }) => expect({ id, ...await told(plane, method, path, credentials) }).toEqual({ id, ...NOBODY }));
  });

  test.each([...EVERY_ROLE, 'no role'])('%s', async (role) => {
    const key = people.get(role)?.key ?? '';
    await each(guarded, async ({ id, method, path }) => {
      const permission = PERMISSIONS[id as OperationId];
      const allowed = permission === 'signed_in' || (permission as readonly string[]).includes(role);
      const reply = await told(plane, method, path, { key });
      expect({ id, refused: reply.code === 'forbidden' && !isOwnRule(id, reply) }).toEqual({ id, refused: !allowed });
      expect([id, reply.status >= 500]).toEqual([id, false]);
    });
  });

  test('a role of the tenant\'s own, and a key and a token that are cut to one permission', async () => {
    const only: PermissionName = 'runs:read';
    const [admin, holder] = [people.get('admin'), await plane.principal([])];
    const role = (await plane.api('POST', '/api/v1/roles', { key: admin?.key ?? '', json: { name: 'Reader of runs', permissions: [only] } })).body['id'];
    expect((await plane.api('POST', '/api/v1/role-assignments', { key: admin?.key ?? '', json: { principal_id: holder.id, role } })).status).toBe(201);
    const scoped = (await plane.api('POST', '/api/v1/api-keys', { key: admin?.key ?? '', json: { name: 'cut', scopes: [only] } })).body['key'] as string;
    const token = await tokenFor(['admin'], only, admin?.key ?? '');
    await each(guarded, async ({ id, method, path }) => {
      const need = OPERATION_PERMISSION[id as OperationId];
      const allowed = need === only || need === 'signed_in';
      const reply = await told(plane, method, path, { key: holder.key });
      expect({ id, refused: reply.code === 'forbidden' && !isOwnRule(id, reply) }).toEqual({ id, refused: !allowed });
      const reaches = need === only || (OPEN_TO_ANY_SCOPE as readonly string[]).includes(id);
      for (const key of [scoped, token]) expect({ id, refused: (await told(plane, method, path, { key })).code === 'scope_missing' }).toEqual({ id, refused: !reaches });
    });
  });

  test('what is for the operator of the cell is for tenants like what is not there', async () => {
    const absent = await plane.api('GET', '/api/v1/no-such-path', { key: people.get('admin')?.key ?? '' });
    await each(ofTheCell, async ({ id, method, path }) => {
      for (const key of [people.get('admin')?.key ?? '', null, 'cs_cell_nonsense']) {
        const reply = await plane.api(method.toUpperCase(), concretePath(path), { key });
        expect([id, reply.status, reply.body['code'], reply.body['detail']]).toEqual([id, absent.status, absent.body['code'], absent.body['detail']]);
      }
    });
  });

  test('another tenant\'s things look exactly like things that do not exist', async () => {
    const other = await plane.principal(EVERY_ROLE, await plane.otherTenant());
    for (const path of [`/api/v1/runs/${newId('run')}`, `/api/v1/approvals/${newId('approval')}`, `/api/v1/runs/${newId('run')}/evidence`, `/api/v1/policy-bundles/${plane.tenant.environmentId}`]) {
      const reply = await plane.api('GET', path, { key: other.key });
      expect([path, reply.status, reply.body['code']]).toEqual([path, 404, 'not_found']);
    }
  });

  async function wrong(what: string): Promise<Credentials> {
    const { key } = await plane.principal(['admin']);
    const { tenantId } = plane.tenant;
    if (what === 'nonsense') return { key: 'nonsense' };
    if (what === 'a key that is wrong by a letter') return { key: `${key.slice(0, -2)}${key.at(-2) === 'A' ? 'B' : 'A'}${key.at(-1)}` };
    if (what === 'a key of no tenant') return { key: key.replace(tenantId, newId('tenant')) };
    if (what === 'an unknown session') return { cookie: `countersign_session=${tenantId}.${newId('session')}.${'A'.repeat(43)}` };
    if (what === 'an expired key') expect(await change('UPDATE control.api_keys SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2', [tenantId, keyIdOf(key)])).toBe(1);
    if (what === 'a revoked key') expect(await change('UPDATE control.api_keys SET revoked_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2', [tenantId, keyIdOf(key)])).toBe(1);
    if (what === 'a key of somebody disabled') expect(await change('UPDATE control.principals p SET disabled_at = clock_timestamp() FROM control.api_keys k WHERE p.tenant_id = $1 AND k.tenant_id = $1 AND k.id = $2 AND p.id = k.principal_id', [tenantId, keyIdOf(key)])).toBe(1);
    return what === 'no credentials' ? {} : { key };
  }

  /** Of a client whose service account holds `roles`. */
  async function tokenFor(roles: readonly Role[], scope: PermissionName, adminKey: string): Promise<string> {
    const service = await plane.principal(roles, plane.tenant, 'service');
    const client = await plane.api('POST', '/api/v1/oauth-clients', { key: adminKey, json: { name: 'walker', principal_id: service.id, scopes: [scope] } });
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: String(client.body['id']), client_secret: String(client.body['client_secret']) }).toString();
    return String((await plane.api('POST', '/api/v1/oauth/token', { key: null, body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })).body['access_token']);
  }
});

interface Credentials {
  readonly key?: string;
  readonly cookie?: string;
}

interface Told {
  readonly status: number;
  readonly code: unknown;
  readonly detail?: unknown;
}

/** Some operations let everybody in who is signed in, and refuse by what is asked for: in words of their own. */
function isOwnRule(id: string, { detail }: Told): boolean {
  return OPERATION_PERMISSION[id as OperationId] === 'signed_in' || !/^This needs \S+:\S+: one of the roles /.test(String(detail));
}

/** The event stream is looked at only until its headers have come. */
async function told(plane: ControlPlaneUnderTest, method: string, path: string, { key, cookie }: Credentials): Promise<Told> {
  const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
  if (path !== '/api/v1/events') {
    const reply = await plane.api(method.toUpperCase(), concretePath(path), { key: key ?? null, headers });
    return { status: reply.status, code: reply.body['code'], ...(reply.body['code'] === 'forbidden' ? { detail: reply.body['detail'] } : {}) };
  }
  const abort = new AbortController();
  const response = await fetch(`${plane.url}${path}`, { headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) }, signal: abort.signal });
  const body: { code?: string; detail?: string } = response.status === 200 ? {} : await response.json() as { code: string; detail: string };
  abort.abort();
  return { status: response.status, code: body.code, ...(body.code === 'forbidden' ? { detail: body.detail } : {}) };
}

/** A few at a time: as many as the plane has hands for. */
async function each(items: readonly ContractOperation[], look: (operation: ContractOperation) => Promise<void>): Promise<void> {
  expect(items.length).toBeGreaterThan(0);
  const rest = [...items];
  await Promise.all(Array.from({ length: 6 }, async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await look(next);
  }));
}
