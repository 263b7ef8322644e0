import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Facts } from '@countersign/connectors/gateway/ports.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { readBudget, readCounters } from './repository-facts.ts';

/** What policy may count by, from the database: read when a rule of the bundle asks for it, and by nobody else. */
export function postgresFacts(database: Database): Facts {
  return {
    of: (call: CallIdentity, about) => ({
      counters: () => database.forTenant(call.tenant.id, (tx) => readCounters(tx, call, about)),
      budget: () => database.forTenant(call.tenant.id, (tx) => readBudget(tx, call)),
    }),
  };
}
