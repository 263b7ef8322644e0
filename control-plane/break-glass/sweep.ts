import { appendAudit } from '@countersign/platform/audit/append.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import type { BuildsPackages } from '../evidence/package-wish.ts';
import type { Notifier } from '../live/notifier.ts';
import { tellConsoles } from './grants.ts';
import { endGrant, eventsOfGrant, findGrant, grantsWithoutEvidence, overdueGrants, rememberEvidence, takeRole } from './queries.ts';
import type { GrantRow } from './queries.ts';

export interface SweepParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly packages: BuildsPackages;
  readonly notifier: Notifier;
}

/** Events of the person that were written while the grant ended, by clocks that differ. */
const SLACK_MS = 5_000;

/** Ends what is over, which grants nothing any more by then, and has evidence of what was done built. */
export function breakGlassSweep(parts: SweepParts): Loop {
  const { database, log } = parts;
  return new Loop({ name: 'break glass', idle_ms: 2_000, busy_ms: 500, log }, () => forEveryTenant(database, log, async (tenantId) => {
    const ended = await endOverdue(tenantId, parts);
    return await buildEvidence(tenantId, parts) || ended;
  }));
}

async function endOverdue(tenantId: string, { database, clock, notifier }: SweepParts): Promise<boolean> {
  const ended = await database.forTenant(tenantId, async (tx) => {
    const rows: GrantRow[] = [];
    const overdue = await tx.rows<{ id: string; because: string }>(overdueGrants, [tenantId]);
    for (const { id, because } of overdue) {
      await tx.change(endGrant, [tenantId, id, because]);
      await tx.change(takeRole, [tenantId, `break_glass:${id}`]);
      const row = await tx.one<GrantRow>(findGrant, [tenantId, id]);
      rows.push(row);
      await appendAudit(tx, {
        at: clock.now(), type: 'break_glass.ended', tenant_id: tenantId, workspace_id: row.workspace_id, run_id: null, actor: { kind: 'system', id: 'control-plane' },
        subject: { kind: 'break_glass', id }, data: { because, role: row.role },
      });
    }
    return rows;
  });
  for (const row of ended) tellConsoles(notifier, tenantId, row);
  return ended.length > 0;
}

/** Outside of a transaction: it waits for a checkpoint over the events. Where two control planes build at once the first one's is kept. */
async function buildEvidence(tenantId: string, { database, packages }: SweepParts): Promise<boolean> {
  const found = await database.forTenant(tenantId, async (tx) => {
    const grant = await tx.maybeOne<GrantRow>(grantsWithoutEvidence, [tenantId]);
    if (grant === undefined) return null;
    const until = new Date((grant.ended_at ?? grant.ends_at).getTime() + SLACK_MS);
    const events = await tx.rows<{ id: string; count: number }>(eventsOfGrant, [tenantId, chainOf(tenantId, grant.workspace_id), grant.principal_id, grant.activated_at, until, grant.id]);
    return { grant, eventIds: events.map(({ id }) => id), total: events[0]?.count ?? 0 };
  });
  if (found === null) return false;
  const { grant, eventIds, total } = found;
  const facts = {
    grant_id: grant.id, principal_id: grant.principal_id, role: grant.role, activated_at: grant.activated_at.toISOString(), ends_at: grant.ends_at.toISOString(),
    ended_at: grant.ended_at?.toISOString() ?? null, ended_because: grant.ended_because, events: eventIds.length,
    // Whoever does very much in a short time does not hide the rest of it: what is missing is said.
    events_left_out: total - eventIds.length,
  };
  const { id } = await packages.build({
    tenantId, workspaceId: grant.workspace_id, kind: 'break_glass', subjectId: grant.id, eventIds, predicate: facts, requestedBy: 'control-plane',
    files: new Map([['break-glass.json', Buffer.from(canonicalText(facts))]]),
  });
  await database.forTenant(tenantId, (tx) => tx.change(rememberEvidence, [tenantId, grant.id, id]));
  return true;
}
