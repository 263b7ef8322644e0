import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { findAdministrator, findTenant } from './bootstrap-queries.ts';
import type { AdministratorRow } from './bootstrap-queries.ts';
import { makeTenant } from '../tenancy/make-tenant.ts';
import { insertApiKey, insertLink } from './queries.ts';
import { apiKeyToken, linkToken, newSecret } from './tokens.ts';

const LINK_MINUTES = 15;

export type BootstrapErrorCode = 'tenant_missing' | 'administrator_missing';

export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';
  readonly code: BootstrapErrorCode;

  constructor(code: BootstrapErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface BootstrapParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly region: 'us' | 'eu';
  readonly cell: string;
  /** By which the first tenant is found again, here and in a router: two cells have two. */
  readonly slug: string;
  readonly publicUrl: string;
}

export interface FirstTenant {
  readonly tenant_id: string;
  readonly workspace_id: string;
}

/** Makes the cell's first tenant, workspace, environments and administrator; does nothing where they are. Safe to run twice at once. */
export async function initialise(parts: BootstrapParts): Promise<FirstTenant> {
  const existing = await parts.database.forNoTenant((tx) => tx.maybeOne<{ tenant_id: string }>(findTenant, [parts.slug]));
  if (existing === undefined) {
    const tenantId = newId('tenant');
    // All or nothing: a tenant that is in the directory has everything below.
    await parts.database.forTenant(tenantId, (tx) => makeTenant(tx, { tenantId, slug: parts.slug, name: 'Local', region: parts.region, cell: parts.cell, administrator: { displayName: 'Cell administrator', email: null } }));
  }
  const { tenantId, administrator } = await administratorOf(parts);
  return { tenant_id: tenantId, workspace_id: administrator.workspace_id };
}

/** A one-time link that signs its bearer in as the administrator. Whoever can run this holds the machine already. */
export async function newSignInLink(parts: BootstrapParts): Promise<FirstTenant & { readonly sign_in_url: string }> {
  const { tenantId, administrator } = await administratorOf(parts);
  const { secret, sha256 } = newSecret();
  await parts.database.forTenant(tenantId, (tx) => tx.change(insertLink, [tenantId, sha256, administrator.principal_id, LINK_MINUTES]));
  // In the fragment, which browsers do not send: no log of a server or proxy ever holds it.
  return { tenant_id: tenantId, workspace_id: administrator.workspace_id, sign_in_url: `${parts.publicUrl}/sign-in#token=${linkToken(tenantId, secret)}` };
}

/** An API key that acts as the administrator. */
export async function newApiKey(parts: BootstrapParts, name: string): Promise<FirstTenant & { readonly api_key: string }> {
  const { tenantId, administrator } = await administratorOf(parts);
  const id = newId('api_key');
  const { secret, sha256 } = newSecret();
  await parts.database.forTenant(tenantId, async (tx) => {
    await tx.change(insertApiKey, [tenantId, id, sha256, administrator.principal_id, name]);
    await appendAudit(tx, {
      at: parts.clock.now(), type: 'api_key.created', tenant_id: tenantId, workspace_id: administrator.workspace_id, run_id: null,
      actor: { kind: 'system', id: 'bootstrap' }, subject: { kind: 'api_key', id }, data: { name, principal_id: administrator.principal_id },
    });
  });
  return { tenant_id: tenantId, workspace_id: administrator.workspace_id, api_key: apiKeyToken(tenantId, id, secret) };
}

async function administratorOf({ database, slug }: BootstrapParts): Promise<{ tenantId: string; administrator: AdministratorRow }> {
  const tenant = await database.forNoTenant((tx) => tx.maybeOne<{ tenant_id: string }>(findTenant, [slug]));
  if (tenant === undefined) throw new BootstrapError('tenant_missing', `The cell has no tenant ${slug} yet. Run \`node control-plane/bootstrap.ts init\` first.`);
  const administrator = await database.forTenant(tenant.tenant_id, (tx) => tx.maybeOne<AdministratorRow>(findAdministrator, [tenant.tenant_id]));
  if (administrator === undefined) throw new BootstrapError('administrator_missing', 'Nobody who may sign in holds the role admin. Grant it to a person first.');
  return { tenantId: tenant.tenant_id, administrator };
}
