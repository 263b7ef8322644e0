import { bundleScope, readBundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import type { BundleContents } from './bundle-contents.ts';
import { waitOf } from './bundle-waiters.ts';
import type { BundleWaiters } from './bundle-waiters.ts';
import { bundleStatuses, findBundle, findPlace, servedBundle } from './repository-bundles.ts';
import type { BundleRow, StatusRow } from './repository-bundles.ts';

/** By this media type OPA knows that it may poll long. Source: OPA documentation, "Bundles", "HTTP Long Polling". */
const LONG_POLL = 'application/vnd.openpolicyagent.bundles';

type PolicyStatus = components['schemas']['PolicyStatus'];

export interface BundleApiParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly contents: BundleContents;
  readonly waiters: BundleWaiters;
}

/** The bundles in force, as people and decision points read them. */
export class BundleApi {
  readonly #parts: BundleApiParts;

  constructor(parts: BundleApiParts) {
    this.#parts = parts;
  }

  async getPolicy({ principal }: Call<'getPolicy'>): Promise<Answer<'getPolicy'>> {
    const shadowEnding = bundleScope('', 'shadow');
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<BundleRow & StatusRow>(bundleStatuses, [principal.tenantId, principal.workspaceId, shadowEnding]));
    return { status: 200, body: { items: rows.map((row) => this.#statusOf(row)) } };
  }

  /** The OPA bundle protocol: the digest is the ETag, and whoever has the newest may wait for the next one. */
  async getPolicyBundle(call: Call<'getPolicyBundle'>): Promise<Answer<'getPolicyBundle'>> {
    const wait_s = call.query.seq === undefined ? waitOf(call.headers.prefer) : null;
    if (wait_s === null) return this.#answer(call, 'application/gzip');
    const deadline_ms = performance.now() + wait_s * 1000;
    for (;;) {
      const waiting = this.#parts.waiters.begin(call.principal.tenantId);
      // 304 would have OPA ask again at once: a whole bundle of the other media type has it ask by its clock.
      if (waiting === null) return this.#answer(call, this.#parts.waiters.isStopped ? LONG_POLL : 'application/gzip', { always: !this.#parts.waiters.isStopped });
      try {
        const answer = await this.#answer(call, LONG_POLL);
        const left_ms = deadline_ms - performance.now();
        if (answer.status === 200 || left_ms <= 0 || call.signal.aborted) return answer;
        await waiting.changed(left_ms, call.signal);
      } finally {
        waiting.end();
      }
    }
  }

  async #answer({ principal, path, query, headers }: Call<'getPolicyBundle'>, mediaType: 'application/gzip' | typeof LONG_POLL, { always = false } = {}): Promise<Answer<'getPolicyBundle'>> {
    const row = await this.#find(principal, path.scope, query.seq);
    const etag = `"${row.digest}"`;
    if (!always && matches(headers['if-none-match'], etag)) return { status: 304, headers: { etag } };
    return { status: 200, headers: { etag }, mediaType, bytes: await this.#parts.objects.get(row.object_key) };
  }

  async #find({ tenantId, workspaceId }: Principal, scope: string, seq: number | undefined): Promise<BundleRow> {
    const place = readBundleScope(scope);
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const known = place !== null && await tx.maybeOne(findPlace, [tenantId, workspaceId, place.environmentId]) !== undefined;
      if (!known) throw new ApiError('not_found', 'There is no such scope. A scope is the id of an environment of the workspace, with .shadow behind it for what decides beside.');
      const row = seq === undefined ? await tx.maybeOne<BundleRow>(servedBundle, [tenantId, scope]) : await tx.maybeOne<BundleRow>(findBundle, [tenantId, scope, seq]);
      if (row !== undefined) return row;
      if (seq !== undefined) throw new ApiError('not_found', `This scope has no bundle with the sequence ${seq}.`);
      throw new ApiError('policy_bundle_missing', place.mode === 'shadow' ? 'No release in mode shadow is in force in this environment.' : 'No bundle was signed for this environment yet, so everything is denied.');
    });
  }

  #statusOf(row: BundleRow & StatusRow): PolicyStatus {
    const { environment_id, environment, workspace_id, workspace, mode, scope, revision, digest, stale } = row;
    return {
      environment_id, environment, workspace_id, workspace, mode,
      release: row.release_id === null || row.release_number === null ? null : { id: row.release_id, number: row.release_number },
      layers: { packs: row.packs ?? [...this.#parts.contents.shippedPacks], tenant: row.tenant_version, workspace: row.workspace_version, environment: row.environment_version },
      scope, revision, seq: Number(row.seq), digest, signed_at: row.signed_at.toISOString(), expires_at: row.expires_at.toISOString(), stale,
    };
  }
}

/** RFC 9110, 13.1.2: weak comparison, a list, or `*`. */
function matches(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}
