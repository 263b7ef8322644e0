import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Instances, InstanceView } from '@countersign/connectors/gateway/ports.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { readInstance } from './queries.ts';
import type { InstanceChoice } from './queries.ts';

/** As kill switches are (`policy/situation.ts`): one that is disabled is not used a second longer. */
const BELIEVED_FOR_MS = 500;
const MOST_KNOWN = 5_000;

interface Known {
  /** When it was asked for: what was answered may be as old as the question. */
  readonly askedAt: number;
  readonly view: Promise<InstanceView | null>;
}

/**
 * Connector instances as the control plane keeps them: read at most twice a second for each, however many calls go to it. Calls of the same
 * moment share one read. That there is none is not remembered.
 */
export function postgresInstances(database: Database, nowMs: () => number = () => performance.now()): Instances {
  const known = new Map<string, Known>();
  const read = (call: CallIdentity, connector: string, which: InstanceChoice): Promise<InstanceView | null> => {
    const key = [call.tenant.id, call.environment.id, connector, which.name ?? '', which.id ?? '', which.pool ?? ''].join(' ');
    const held = known.get(key);
    if (held !== undefined && nowMs() - held.askedAt < BELIEVED_FOR_MS) return held.view;
    const made: Known = { askedAt: nowMs(), view: database.forTenant(call.tenant.id, (tx) => readInstance(tx, call, connector, which)) };
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, made);
    void forgottenWhereMissing(made, () => { if (known.get(key) === made) known.delete(key); });
    return made.view;
  };
  return {
    find: (call, connector, name, pool) => read(call, connector, { name, pool }),
    byId: (call, connector, id) => read(call, connector, { id }),
  };
}

async function forgottenWhereMissing({ view }: Known, forget: () => void): Promise<void> {
  const found = await view.catch(() => null);
  if (found === null) forget();
}
