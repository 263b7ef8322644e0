import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { auditBy } from '../access/audit.ts';
import { futureDate } from '../access/future-date.ts';
import { may } from '../access/may.ts';
import type { Principal } from '../identity/principal.ts';
import { apiKeyToken, newSecret } from '../identity/tokens.ts';
import { knownPermissions, refuseWider } from '../roles/rights.ts';
import { refuseOverQuota } from '../tenancy/refuse-over-quota.ts';
import { findKey, findService, insertKey, listApiKeys, lockKey, replaceKey, revokeKey, updateKey } from './queries.ts';
import type { ApiKeyRow } from './queries.ts';
import { refuseMoreThanOwn } from './scopes.ts';

const DAY_MS = 86_400_000;
/** Of a key that names no end, and the longest that one may name. */
const LIFETIME_MS = 366 * DAY_MS;
const OVERLAP_S = 86_400;

/** Keys of programs: shown once, stored as their SHA-256, for one workspace, cut to scopes, with an end, and replaced without an interruption. */
export class ApiKeys {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async listApiKeys({ principal, query }: Call<'listApiKeys'>): Promise<Answer<'listApiKeys'>> {
    const whose = query.principal_id ?? principal.id;
    if (whose !== principal.id && !may(principal, 'api_keys:manage')) throw new ApiError('forbidden', 'Other principals\' keys need api_keys:manage.');
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<ApiKeyRow>(listApiKeys, [principal.tenantId, whose]));
    return { status: 200, body: { items: rows.map((row) => viewOf(principal.tenantId, row)) } };
  }

  async createApiKey({ principal, body }: Call<'createApiKey'>): Promise<Answer<'createApiKey'>> {
    const { tenantId } = principal;
    const scopes = body.scopes === undefined ? null : knownPermissions(body.scopes, '/scopes');
    const expires_at = this.#end(body.expires_at);
    const workspaceId = body.workspace_id ?? principal.workspaceId;
    const principalId = body.principal_id ?? principal.id;
    const made = await this.#database.forTenant(tenantId, async (tx) => {
      if (principalId !== principal.id) await refuseUnlessService(tx, principal, principalId);
      await refuseMoreThanOwn(tx, principal, { principalId, workspaceId, scopes });
      return this.#make(tx, principal, { name: body.name, principalId, workspaceId, scopes, expires_at }, 'api_key.created', {});
    });
    return { status: 201, body: made };
  }

  async updateApiKey({ principal, path, body }: Call<'updateApiKey'>): Promise<Answer<'updateApiKey'>> {
    const { tenantId } = principal;
    const scopes = body.scopes === undefined ? null : knownPermissions(body.scopes, '/scopes');
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const before = await reachable(tx, principal, path.key_id);
      // Whoever holds the secret would get what nobody has shown to them.
      if (scopes !== null && before.scopes !== null) refuseWider(scopes, new Set(before.scopes));
      await tx.change(updateKey, [tenantId, path.key_id, body.name ?? null, scopes]);
      const after = await tx.one<ApiKeyRow>(findKey, [tenantId, path.key_id]);
      await auditBy(tx, this.#clock, principal, { type: 'api_key.changed', subject: { kind: 'api_key', id: path.key_id }, data: { scopes: after.scopes } });
      return after;
    });
    return { status: 200, body: viewOf(tenantId, row) };
  }

  async rotateApiKey({ principal, path, body }: Call<'rotateApiKey'>): Promise<Answer<'rotateApiKey'>> {
    const { tenantId } = principal;
    const overlap_s = body.overlap_s ?? OVERLAP_S;
    const made = await this.#database.forTenant(tenantId, async (tx) => {
      const old = await reachable(tx, principal, path.key_id);
      if (old.replaced_by !== null) throw new ApiError('api_key_already_rotated', `${old.replaced_by} took its place.`);
      const workspaceId = old.workspace_id ?? principal.workspaceId;
      if (old.principal_id !== principal.id) {
        // The new secret is shown to whoever rotates: a person's key would let them act as that person.
        await refuseUnlessService(tx, principal, old.principal_id);
        await refuseMoreThanOwn(tx, principal, { principalId: old.principal_id, workspaceId, scopes: old.scopes });
      }
      const now_ms = this.#clock.now().getTime();
      const lifetime_ms = old.expires_at === null ? LIFETIME_MS : Math.min(LIFETIME_MS, old.expires_at.getTime() - old.created_at.getTime());
      const made = await this.#make(tx, principal, {
        name: old.name, principalId: old.principal_id, workspaceId, scopes: old.scopes, expires_at: new Date(now_ms + lifetime_ms),
      }, 'api_key.rotated', { replaces: old.id, overlap_s });
      await tx.change(replaceKey, [tenantId, old.id, made.id, overlap_s]);
      return made;
    });
    return { status: 201, body: made };
  }

  async revokeApiKey({ principal, path }: Call<'revokeApiKey'>): Promise<Answer<'revokeApiKey'>> {
    await this.#database.forTenant(principal.tenantId, async (tx) => {
      const row = await reachable(tx, principal, path.key_id);
      await tx.change(revokeKey, [principal.tenantId, row.id]);
      await auditBy(tx, this.#clock, principal, { type: 'api_key.revoked', subject: { kind: 'api_key', id: row.id }, data: { principal_id: row.principal_id } });
    });
    return { status: 204 };
  }

  async #make(tx: Transaction, principal: Principal, key: Omit<NewKey, 'id'>, type: 'api_key.created' | 'api_key.rotated', data: AuditData): Promise<components['schemas']['ApiKey']> {
    const { tenantId } = principal;
    const id = newId('api_key');
    const { secret, sha256 } = newSecret();
    await refuseOverQuota(tx, tenantId, 'api_keys');
    await tx.change(insertKey, [tenantId, id, sha256, key.principalId, key.name, key.scopes, key.workspaceId, principal.id, key.expires_at]);
    await auditBy(tx, this.#clock, principal, {
      type, subject: { kind: 'api_key', id },
      data: { name: key.name, principal_id: key.principalId, workspace_id: key.workspaceId, scopes: key.scopes, expires_at: key.expires_at.toISOString(), ...data },
    });
    return { ...viewOf(tenantId, await tx.one<ApiKeyRow>(findKey, [tenantId, id])), key: apiKeyToken(tenantId, id, secret) };
  }

  #end(asked: string | undefined): Date {
    const latest = new Date(this.#clock.now().getTime() + LIFETIME_MS);
    if (asked === undefined) return latest;
    const date = futureDate(asked, '/expires_at', this.#clock);
    if (date > latest) throw new ApiError('key_lifetime_too_long', `A key lives until ${latest.toISOString()} at the latest; rotate it before.`);
    return date;
  }
}

interface NewKey {
  readonly name: string;
  readonly principalId: string;
  readonly workspaceId: string;
  readonly scopes: readonly string[] | null;
  readonly expires_at: Date;
}

/** One's own, or anybody's for who manages keys; others' keys are as unknown as those that never were. */
async function reachable(tx: Transaction, principal: Principal, keyId: string): Promise<ApiKeyRow> {
  const row = await tx.maybeOne<ApiKeyRow>(lockKey, [principal.tenantId, keyId]);
  if (row === undefined || (row.principal_id !== principal.id && !may(principal, 'api_keys:manage'))) throw new ApiError('not_found', 'There is no such key, or it has ended.');
  return row;
}

async function refuseUnlessService(tx: Transaction, principal: Principal, principalId: string): Promise<void> {
  if (!may(principal, 'api_keys:manage')) throw new ApiError('forbidden', 'Keys of others need api_keys:manage.');
  if (await tx.maybeOne(findService, [principal.tenantId, principalId]) === undefined) throw new ApiError('not_found', 'There is no such service account; people make their keys themselves.');
}

function viewOf(tenantId: string, row: ApiKeyRow): components['schemas']['ApiKeyView'] {
  return {
    id: row.id, name: row.name, prefix: `cs_key_${tenantId}_${row.id}`, principal_id: row.principal_id, kind: row.kind, scopes: row.scopes, workspace_id: row.workspace_id,
    created_at: row.created_at.toISOString(), created_by: row.created_by, expires_at: row.expires_at?.toISOString() ?? null, last_used_at: row.last_used_at?.toISOString() ?? null,
    replaced_by: row.replaced_by,
  };
}
