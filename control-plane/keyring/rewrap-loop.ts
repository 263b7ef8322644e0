import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { replaceWrapped } from '@countersign/platform/keys/repository-key-store.ts';
import type { WrappedKey } from '@countersign/platform/keys/repository-key-store.ts';
import { contextOf, unwrapKey } from '@countersign/platform/keys/unwrapped-keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { homeWorkspace } from '../tenancy/home-workspace.ts';

export interface RewrapParts {
  readonly database: Database;
  readonly ring: Pick<OpenKeys, 'store' | 'kek' | 'keks'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Wraps the keys of tenants by the root key that is set, those that another has wrapped. The keys themselves stay, so nothing that they sealed is
 * touched, and whoever has one in memory goes on with it.
 */
export function rewrapLoop(parts: RewrapParts): Loop {
  const { database, log } = parts;
  return new Loop({ name: 'wrapping anew', idle_ms: 60_000, busy_ms: 0, log }, () => forEveryTenant(database, log, async (tenantId) => await rewrapKeys(tenantId, parts) > 0));
}

/** Gives how many were wrapped anew. */
export async function rewrapKeys(tenantId: string, { database, ring: { store, kek, keks }, clock }: RewrapParts): Promise<number> {
  const found = await store.wrappedByOthers(tenantId, kek.id);
  const wrapped = await Promise.all(found.map(async (key) => ({ key, bytes: await kek.wrap(contextOf(key), await unwrapKey(key, key.wrapped ?? Buffer.alloc(0), keks)) })));
  if (wrapped.length === 0) return 0;
  return database.forTenant(tenantId, async (tx) => {
    const replaced: WrappedKey[] = [];
    for (const { key, bytes } of wrapped) if (await replaceWrapped(tx, key, kek.id, bytes)) replaced.push(key);
    for (const from of new Set(replaced.map((key) => key.kek))) {
      await appendAudit(tx, {
        at: clock.now(), type: 'kek.rewrapped', tenant_id: tenantId, workspace_id: await homeWorkspace(tx, tenantId), run_id: null, actor: { kind: 'system', id: 'control-plane' },
        subject: { kind: 'tenant', id: tenantId }, data: { kek_from: from, kek_to: kek.id, count: replaced.filter((key) => key.kek === from).length },
      });
    }
    return replaced.length;
  });
}
