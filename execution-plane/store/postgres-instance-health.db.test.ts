import { afterAll, beforeAll } from 'vitest';
import { instanceHealthConformance } from '@countersign/connectors/gateway/testing/instance-health-conformance.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { letTimePassForHealth } from '../testing/queries.ts';
import { PostgresInstanceHealth } from './postgres-instance-health.ts';

let made: TestDatabase;
let database: Database;

beforeAll(async () => {
  made = await createTestDatabase();
  database = new Database({ url: made.executionUrl, applicationName: 'instance health test', maxConnections: 10 });
});

afterAll(async () => {
  await database.close();
  await made.drop();
});

instanceHealthConformance('postgres', () => {
  const tenants: string[] = [];
  return {
    store: new PostgresInstanceHealth(database),
    newKey: () => {
      tenants.push(newId('tenant'));
      return { tenantId: tenants.at(-1)!, instanceId: newId('connector_instance') };
    },
    // The database's clock cannot be moved, so what it has written moves the other way.
    pass: (ms) => database.forTenants(tenants, (tx) => letTimePassForHealth(tx, ms)),
  };
});
