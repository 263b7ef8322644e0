import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Principal } from './principal.ts';
import { describeTenant, workspacesOf } from './me-queries.ts';
import type { TenantRow, WorkspaceRow } from './me-queries.ts';

export interface MeParts {
  readonly database: Database;
  /** What the `Cookie` header holds for the session; undefined: nothing. */
  readonly sessionOf: (cookieHeader: string | undefined) => string | undefined;
  /** Reads the principal of a session. */
  readonly principalOf: (sessionToken: string) => Promise<Principal | null>;
}

type MeBody = components['schemas']['Me'];

/** What a principal is told about itself: who, where, with which rights, by what sign-in. */
export class Me {
  readonly #parts: MeParts;

  constructor(parts: MeParts) {
    this.#parts = parts;
  }

  async of(principal: Principal): Promise<MeBody> {
    const { tenantId, workspaceId, id, auth, signedInAt } = principal;
    const [tenant, workspaces] = await this.#parts.database.forTenant(tenantId, async (tx) => [
      await tx.one<TenantRow>(describeTenant, [tenantId, workspaceId]), await tx.rows<WorkspaceRow>(workspacesOf, [tenantId, id]),
    ] as const);
    return {
      principal: { id, kind: principal.kind, display_name: principal.displayName },
      tenant: { id: tenantId, slug: tenant.tenant_slug, name: tenant.tenant_name },
      workspace: { id: workspaceId, slug: tenant.workspace_slug, name: tenant.workspace_name },
      workspaces: workspaces.map((row) => ({ id: row.id, slug: row.slug, name: row.name, is_home: row.is_home, roles: [...row.roles] })),
      roles: [...principal.roles],
      permissions: [...principal.permissions],
      auth_strength: principal.authStrength,
      auth: auth === null ? null : { method: auth.method, provider_id: auth.idp, acr: auth.acr, amr: [...auth.amr], signed_in_at: signedInAt?.toISOString() ?? null },
    };
  }

  /** Of whoever a session token was just made for, or whose session just changed. @throws ApiError `unauthenticated` where it has ended meanwhile */
  async ofSession(token: string): Promise<MeBody> {
    const principal = await this.#parts.principalOf(token);
    if (principal === null) throw new ApiError('unauthenticated', 'The session has ended. Sign in again.');
    return this.of(principal);
  }

  /** As `ofSession`, of the session in a `Cookie` header. */
  async ofCookies(cookieHeader: string | undefined): Promise<MeBody> {
    return this.ofSession(this.#parts.sessionOf(cookieHeader) ?? '');
  }
}
