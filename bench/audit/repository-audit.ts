import type { Database, Statement } from '@countersign/platform/postgres/database.ts';

const appendAll: Statement = { name: 'bench.append_all', text: 'SELECT audit.append_all($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])' };
const unsealed: Statement = { name: 'bench.unsealed', text: 'SELECT count(*)::int AS left FROM audit.events WHERE tenant_id = $1 AND seq IS NULL' };
const isSealed: Statement = { name: 'bench.is_sealed', text: 'SELECT seq IS NOT NULL AS sealed FROM audit.events WHERE tenant_id = $1 AND id = $2' };

export interface NewEvent {
  readonly chain: string;
  readonly id: string;
  readonly body: string;
}

export async function appendEvents(database: Database, tenantId: string, events: readonly NewEvent[]): Promise<void> {
  await database.forTenant(tenantId, (tx) => tx.rows(appendAll, [
    events.map(() => tenantId), events.map(({ chain }) => chain), events.map(({ id }) => id), events.map(() => 'step.state_changed'), events.map(() => null), events.map(({ body }) => body),
  ]));
}

export async function countUnsealed(database: Database, tenantId: string): Promise<number> {
  return (await database.forTenant(tenantId, (tx) => tx.one<{ left: number }>(unsealed, [tenantId]))).left;
}

export async function eventIsSealed(database: Database, tenantId: string, id: string): Promise<boolean> {
  return (await database.forTenant(tenantId, (tx) => tx.one<{ sealed: boolean }>(isSealed, [tenantId, id]))).sealed;
}
