import type { Instances } from '@countersign/connectors/gateway/ports.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { readInstance } from './queries.ts';

/** Connector instances as the control plane keeps them. Read for every call: a disabled instance is not used a second longer. */
export function postgresInstances(database: Database): Instances {
  return {
    find: (call, connector, name) => database.forTenant(call.tenant.id, (tx) => readInstance(tx, call, connector, { name })),
    byId: (call, connector, id) => database.forTenant(call.tenant.id, (tx) => readInstance(tx, call, connector, { id })),
  };
}
