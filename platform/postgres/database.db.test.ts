import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Statement } from './database.ts';
import { Database } from './database.ts';
import { createTestDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

const BACKEND: Statement = { name: 'test.backend', text: 'SELECT pg_backend_pid() AS pid' };
const SETTING: Statement = { name: 'test.setting', text: `SELECT current_setting('app.tenant_id', true) AS tenant` };
const TENANT = 'ten_01h455vb4pex5vsknk084sn02q';
const OTHER = 'ten_01h455vb4pex5vsknk084sn02r';

let test: TestDatabase;
beforeAll(async () => { test = await createTestDatabase(); });
afterAll(() => test.drop());

it('outlives a connection that breaks while it is lent out and idle', async () => {
  const errors: Error[] = [];
  const database = new Database({ url: test.controlUrl, applicationName: 'broken', maxConnections: 1, onConnectionError: (error) => errors.push(error) });
  const admin = new Database({ url: test.adminUrl, applicationName: 'breaker' });
  const broken = database.forTenant(TENANT, async (tx) => {
    const { pid } = await tx.one<{ pid: number }>(BACKEND);
    const seen = new Promise<void>((resolve) => { const wait = setInterval(() => { if (errors.length > 0) { clearInterval(wait); resolve(); } }, 5); });
    await admin.pool.query('SELECT pg_terminate_backend($1)', [pid]);
    await seen;
    await tx.rows(BACKEND);
  });
  await expect(broken).rejects.toThrow();
  expect(await database.forTenant(TENANT, (tx) => tx.rows(BACKEND))).toHaveLength(1);
  await Promise.all([database.close(), admin.close()]);
});

it('acts for the tenant of the transaction only, on one connection', async () => {
  const database = new Database({ url: test.executionUrl, applicationName: 'settings', maxConnections: 1 });
  const tenantOf = (run: Promise<{ tenant: string }>): Promise<string> => run.then((row) => row.tenant);
  expect(await tenantOf(database.forTenant(TENANT, (tx) => tx.one(SETTING)))).toBe(TENANT);
  expect(await tenantOf(database.forTenants([TENANT, OTHER], (tx) => tx.one(SETTING)))).toBe(`${TENANT},${OTHER}`);
  expect(await tenantOf(database.forNoTenant((tx) => tx.one(SETTING)))).toBe('');
  await database.close();
});

it('takes nothing but tenant ids into the setting', async () => {
  for (const bad of ['', "ten_x', false); DROP TABLE control.tenants; --", `${TENANT},${OTHER}`]) {
    expect(() => test.control.forTenant(bad, (tx) => tx.rows(SETTING))).toThrow(expect.objectContaining({ code: 'tenant_id_invalid' }) as Error);
  }
});

it('refuses to work as a role that could see everything', async () => {
  const admin = new Database({ url: test.adminUrl, applicationName: 'too powerful' });
  await expect(admin.assertLeastPrivilege()).rejects.toMatchObject({ code: 'role_too_powerful' });
  await expect(test.control.assertLeastPrivilege()).resolves.toBeUndefined();
  await admin.close();
});
