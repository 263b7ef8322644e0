import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { grantRole, insertEnvironment, insertPrincipal, insertTenant, insertTenantDirectory, insertWorkspace } from '../identity/bootstrap-queries.ts';
import { nameAdministrator } from './queries.ts';

export interface NewTenant {
  readonly tenantId: string;
  readonly slug: string;
  readonly name: string;
  readonly region: 'us' | 'eu';
  readonly cell: string;
  readonly administrator: { readonly displayName: string; readonly email: string | null };
}

export interface MadeTenant {
  readonly workspaceId: string;
  readonly administratorId: string;
}

const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;

/** A tenant with everything that it needs, in one transaction: a tenant that is in the directory has all of it. Null where the slug is taken. */
export async function makeTenant(tx: Transaction, { tenantId, slug, name, region, cell, administrator }: NewTenant): Promise<MadeTenant | null> {
  if (await tx.change(insertTenantDirectory, [tenantId, slug, region, cell]) === 0) return null;
  await tx.change(insertTenant, [tenantId, name]);
  const workspaceId = newId('workspace');
  await makeWorkspace(tx, tenantId, { id: workspaceId, slug: 'operations', name: 'Operations' });
  const administratorId = newId('principal');
  await tx.change(insertPrincipal, [tenantId, administratorId, 'person', administrator.displayName]);
  if (administrator.email !== null) await tx.change(nameAdministrator, [tenantId, administratorId, administrator.email]);
  for (const role of EVERY_ROLE) await tx.change(grantRole, [tenantId, workspaceId, administratorId, role]);
  // Runs act as this one: it requests approvals and, having no role, decides none.
  await tx.change(insertPrincipal, [tenantId, newId('principal'), 'service', 'Workflow runtime']);
  return { workspaceId, administratorId };
}

/** A workspace with its three environments. */
export async function makeWorkspace(tx: Transaction, tenantId: string, { id, slug, name }: { readonly id: string; readonly slug: string; readonly name: string }): Promise<void> {
  await tx.change(insertWorkspace, [tenantId, id, slug, name]);
  for (const [index, environment] of ENVIRONMENTS.entries()) await tx.change(insertEnvironment, [tenantId, id, newId('environment'), environment, index + 1]);
}
