import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { syncGroupRoles } from '../../roles/sync-group-roles.ts';
import { homeWorkspace } from '../sessions/queries.ts';

const addGroups: Statement = {
  name: 'oidc.add_groups',
  text: `INSERT INTO control.groups AS known (tenant_id, id, name, source, provider_id) SELECT $1, g.id, g.name, 'oidc', $4 FROM unnest($2::text[], $3::text[]) AS g (id, name)
         -- one that is nobody's is of whoever names it first
         ON CONFLICT ON CONSTRAINT group_name_is_unique_in_its_tenant DO UPDATE SET provider_id = EXCLUDED.provider_id WHERE known.source = 'oidc' AND known.provider_id IS NULL`,
};

/** Only groups that its own sign-ins fill: a provider does not speak for those of another one, of the directory or of people here. */
const leaveGroups: Statement = {
  name: 'oidc.leave_groups',
  text: `DELETE FROM control.group_members m USING control.groups g
          WHERE m.tenant_id = $1 AND m.principal_id = $2 AND (g.tenant_id, g.id) = (m.tenant_id, m.group_id) AND g.source = 'oidc' AND g.provider_id = $4 AND NOT g.name = ANY ($3)
      RETURNING m.group_id`,
};

const joinGroups: Statement = {
  name: 'oidc.join_groups',
  text: `INSERT INTO control.group_members (tenant_id, group_id, principal_id)
         SELECT g.tenant_id, g.id, $2 FROM control.groups g WHERE g.tenant_id = $1 AND g.source = 'oidc' AND g.provider_id = $4 AND g.name = ANY ($3)
         ON CONFLICT DO NOTHING RETURNING group_id`,
};

/** Makes a person a member of the groups that their provider names, and of no other that it fills. Roles follow. */
export async function joinNamedGroups(tx: Transaction, clock: Clock, tenantId: string, principalId: string, providerId: string, names: readonly string[]): Promise<void> {
  const wanted = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
  await tx.change(addGroups, [tenantId, wanted.map(() => newId('group')), wanted, providerId]);
  const left = await tx.rows<{ group_id: string }>(leaveGroups, [tenantId, principalId, wanted, providerId]);
  const joined = await tx.rows<{ group_id: string }>(joinGroups, [tenantId, principalId, wanted, providerId]);
  const home = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
  for (const { group_id: id, change } of [...left.map((row) => ({ ...row, change: 'left' })), ...joined.map((row) => ({ ...row, change: 'joined' }))]) {
    await syncGroupRoles(tx, tenantId, id);
    await appendAudit(tx, {
      at: clock.now(), type: 'group.changed', tenant_id: tenantId, workspace_id: home.id, run_id: null,
      actor: { kind: 'person', id: principalId }, subject: { kind: 'group', id }, data: { change, member_id: principalId },
    });
  }
}
