import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { PERMISSION_NAMES } from '@countersign/contracts/openapi/permissions.ts';
import { readConfig } from '@countersign/control-plane/config.ts';
import { makeTenant } from '@countersign/control-plane/tenancy/make-tenant.ts';
import { startControlPlane } from '@countersign/control-plane/wiring.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createKeyFile } from '@countersign/platform/keys/key-file.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import { makeCallers } from './repository-callers.ts';
import type { Caller, CredentialKind } from './repository-callers.ts';
import { plantRows, tablesOfTenants } from './repository-planting.ts';
import type { Place, PlantedIds } from './repository-planting.ts';
import { KEPT_BY_THE_CELL, NATURAL, SEALED, VALUES } from './values.ts';

export interface WalkedTenant extends Place {
  readonly slug: string;
  readonly ids: PlantedIds;
  readonly callers: readonly Caller[];
}

export interface World {
  readonly url: string;
  readonly tenants: readonly WalkedTenant[];
  readonly tables: readonly string[];
  readonly admin: pg.Client;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly tenants: number;
  /** Roles that walk; `custom` is one of the tenant's own. */
  readonly roles: readonly string[];
  /** Those of them that walk by session and by token, too, and not by API key alone. */
  readonly byEverything: readonly string[];
  /** Connections that the requests of everybody share. */
  readonly connections: number;
  readonly logLevel?: string;
  /** Of the PostgreSQL to make a database in. Undefined: that of the test run. */
  readonly adminUrl?: string;
}

const PUBLIC_URL = 'http://localhost:8080';

/** A control plane on a database of its own, with tenants that have one of everything, and callers of every role in each. */
export async function makeWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-isolation-'));
  const database = await createTestDatabase(...(options.adminUrl === undefined ? [] : [options.adminUrl]));
  const admin = new pg.Client({ connectionString: database.adminUrl });
  // Should PostgreSQL be stopped under it, then because something else has failed, which is what is to be told.
  admin.on('error', () => undefined);
  await admin.connect();
  const keyFile = path.join(folder, 'key');
  await createKeyFile(keyFile);
  const places: Array<Place & { slug: string }> = [];
  for (let index = 0; index < options.tenants; index += 1) {
    const [tenantId, slug] = [newId('tenant'), `walked-${index}`];
    const made = await database.control.forTenant(tenantId, (tx) => makeTenant(tx, { tenantId, slug, name: `name-of-${slug}`, region: 'us', cell: 'local', administrator: { displayName: `person-of-${slug}`, email: `person@${slug}.example` } }));
    if (made === null) throw new TypeError(`The slug ${slug} is taken.`);
    const { rows: [prod] } = await admin.query<{ id: string }>(`SELECT id FROM control.environments WHERE tenant_id = $1 AND name = 'prod'`, [tenantId]);
    places.push({ tenantId, slug, workspaceId: made.workspaceId, principalId: made.administratorId, environmentId: prod?.id ?? '', marker: `marker-of-${slug}` });
  }
  const all = '900000000';
  const config = readConfig({
    COUNTERSIGN_CONTROL_DATABASE_URL: database.controlUrl, COUNTERSIGN_PORT: '0', COUNTERSIGN_PUBLIC_URL: PUBLIC_URL, COUNTERSIGN_LOG_LEVEL: options.logLevel ?? 'silent', COUNTERSIGN_DATABASE_CONNECTIONS: String(options.connections),
    COUNTERSIGN_OBJECTS_DIR: path.join(folder, 'objects'), COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_AGENT_PORT: '0', COUNTERSIGN_AGENT_CA: `file:${folder}`, COUNTERSIGN_CONSOLE_DIR: path.join(folder, 'console'), COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0',
    COUNTERSIGN_REQUESTS_PER_MINUTE: all, COUNTERSIGN_REQUESTS_PER_MINUTE_PER_KEY: all, COUNTERSIGN_REQUESTS_PER_MINUTE_PER_ADDRESS: all,
  });
  const plane = await startControlPlane(config);
  const ring = await openKeys(config.keys, { databaseUrl: database.controlUrl });
  const tables = await tablesOfTenants(admin);
  const tenants: WalkedTenant[] = [];
  for (const place of places) {
    const { rows: [key] } = await admin.query<{ kid: string }>('SELECT kid FROM control.signing_keys WHERE tenant_id = $1 LIMIT 1', [place.tenantId]);
    const given = new Map([['control.tenants', place.tenantId], ['control.workspaces', place.workspaceId], ['control.environments', place.environmentId], ['control.principals', place.principalId], ['control.signing_keys', key?.kid ?? '']]);
    const ids = await plantRows(admin, tables.filter((table) => !NATURAL.includes(table)), place, VALUES, given);
    await admin.query('UPDATE control.principals SET scim_user_name = $2 WHERE id = $1', [place.principalId, place.marker]);
    for (const { table, column, purpose, context, text } of SEALED) {
      await admin.query(`UPDATE ${table} SET ${column} = $2 WHERE tenant_id = $1`, [place.tenantId, Buffer.from(await ring.keys.seal(place.tenantId, purpose, context ?? ids.get(table) ?? '', Buffer.from(text)))]);
    }
    // What the rows say is in the object store is there, and says nothing.
    await mkdir(path.join(folder, 'objects'), { recursive: true });
    await writeFile(path.join(folder, 'objects', place.marker), '[]');
    const callers: Caller[] = [];
    for (const role of options.roles) {
      const kinds: CredentialKind[] = options.byEverything.includes(role) ? ['key', 'session', 'token'] : ['key'];
      const held = role === 'custom' ? ids.get('control.custom_roles') ?? '' : role;
      callers.push(...await makeCallers(database.control, place, held, PERMISSION_NAMES, kinds, PUBLIC_URL));
    }
    tenants.push({ ...place, ids, callers });
  }
  await refuseEmpty(admin, tables, tenants);
  await ring.close();
  return {
    url: plane.url, tenants, tables, admin,
    stop: async () => {
      await plane.stop();
      await admin.end();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}


/** A table without a row of each tenant would show nothing of what may be read of it. */
async function refuseEmpty(admin: pg.Client, tables: readonly string[], tenants: readonly WalkedTenant[]): Promise<void> {
  for (const table of tables.filter((name) => !KEPT_BY_THE_CELL.includes(name))) {
    const { rows: [row] } = await admin.query<{ tenants: number }>(`SELECT count(DISTINCT tenant_id)::int AS tenants FROM ${table}`);
    if ((row?.tenants ?? 0) < tenants.length) throw new TypeError(`${table} has no row of some tenant. Take it from NATURAL in values.ts, so that one is planted.`);
  }
}
