import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import { listKeys, newestBundle } from './queries.ts';
import type { BundleRow, KeyRow } from './queries.ts';

/** The policy in force, as people and decision points read it. */
export class PolicyApi {
  readonly #database: Database;
  readonly #objects: Objects;

  constructor(database: Database, objects: Objects) {
    this.#database = database;
    this.#objects = objects;
  }

  async getPolicy({ principal }: Call<'getPolicy'>): Promise<Answer<'getPolicy'>> {
    const row = await this.#newest(principal);
    return {
      status: 200,
      body: { scope: row.scope, revision: row.revision, seq: Number(row.seq), digest: row.digest, signed_at: row.signed_at.toISOString(), expires_at: row.expires_at.toISOString(), stale: row.stale },
    };
  }

  /** The OPA bundle protocol: the digest is the ETag. */
  async getPolicyBundle({ principal, path, headers }: Call<'getPolicyBundle'>): Promise<Answer<'getPolicyBundle'>> {
    if (path.scope !== bundleScope(principal.tenantId)) throw new ApiError('not_found', 'There is no such scope.');
    const row = await this.#newest(principal);
    const etag = `"${row.digest}"`;
    if (matches(headers['if-none-match'], etag)) return { status: 304, headers: { etag } };
    return { status: 200, headers: { etag }, mediaType: 'application/gzip', bytes: await this.#objects.get(row.object_key) };
  }

  async listKeys({ principal }: Call<'listKeys'>): Promise<Answer<'listKeys'>> {
    const keys = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<KeyRow>(listKeys, [principal.tenantId]));
    return { status: 200, body: { keys } };
  }

  async #newest({ tenantId }: Principal): Promise<BundleRow> {
    const row = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<BundleRow>(newestBundle, [tenantId]));
    if (row === undefined) throw new ApiError('policy_bundle_missing', 'No bundle was signed for this tenant yet, so everything is denied.');
    return row;
  }
}

/** RFC 9110, 13.1.2: weak comparison, a list, or `*`. */
function matches(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}
