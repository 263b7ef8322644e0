import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { madeBefore } from '../api/idempotency.ts';
import type { Repeatable } from '../api/idempotency.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import type { Principal } from '../identity/principal.ts';
import { releaseOf } from './find-release.ts';
import { refuseBlank } from './policy-versions.ts';
import type { FileDifference } from './release-diff.ts';
import type { ReleaseJournal } from './release-journal.ts';
import type { ReleasePreparation } from './release-preparation.ts';
import { releaseSummary, releaseView } from './release-view.ts';
import { firstBundleOfRelease } from './repository-bundles.ts';
import type { BundleRow } from './repository-bundles.ts';
import { listReleases } from './repository-releases.ts';
import type { ReleaseRow } from './repository-releases.ts';

export interface PolicyReleasesParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly preparation: ReleasePreparation;
  readonly journal: ReleaseJournal;
}

/** What is in force where, who put it there and why. */
export class PolicyReleases {
  readonly #parts: PolicyReleasesParts;

  constructor(parts: PolicyReleasesParts) {
    this.#parts = parts;
  }

  async createPolicyRelease({ principal, body, headers }: Call<'createPolicyRelease'>): Promise<Answer<'createPolicyRelease'>> {
    refuseBlank(body.reason, '/reason');
    const request: Repeatable = { principal, key: headers['idempotency-key'], route: 'createPolicyRelease', requestDigest: digestOf(body) };
    const before = await this.#parts.database.forTenant(principal.tenantId, (tx) => madeBefore(tx, request));
    const id = before ?? await this.#parts.journal.record(await this.#parts.preparation.prepare(principal, body), request);
    const view = await this.#view(principal, id);
    if (view.state === 'blocked') throw blocked(view);
    return { status: 201, body: view };
  }

  async listPolicyReleases({ principal, query }: Call<'listPolicyReleases'>): Promise<Answer<'listPolicyReleases'>> {
    const after = positionOf(query.cursor);
    const limit = query.limit ?? 50;
    const found = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<ReleaseRow & { cursor_at: string }>(listReleases, [
      principal.tenantId, principal.workspaceId, query.environment_id ?? null, query.mode ?? null, query.state ?? null, after?.at ?? null, after?.id ?? null, limit + 1,
    ]));
    const { rows, nextCursor } = pageOf(found, limit);
    return { status: 200, body: { items: rows.map(releaseSummary), next_cursor: nextCursor } };
  }

  async getPolicyRelease({ principal, path }: Call<'getPolicyRelease'>): Promise<Answer<'getPolicyRelease'>> {
    return { status: 200, body: await this.#view(principal, path.release_id) };
  }

  async overridePolicyGate({ principal, path, body }: Call<'overridePolicyGate'>): Promise<Answer<'overridePolicyGate'>> {
    refuseBlank(body.reason, '/reason');
    await this.#parts.journal.override(principal, path.release_id, body.reason);
    return { status: 200, body: await this.#view(principal, path.release_id) };
  }

  async withdrawPolicyRelease({ principal, path, body }: Call<'withdrawPolicyRelease'>): Promise<Answer<'withdrawPolicyRelease'>> {
    refuseBlank(body.reason, '/reason');
    await this.#parts.journal.withdraw(principal, path.release_id, body.reason);
    return { status: 200, body: await this.#view(principal, path.release_id) };
  }

  async #view(principal: Principal, id: string): Promise<ReturnType<typeof releaseView>> {
    const { row, bundle } = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const release = await releaseOf(tx, principal, id);
      return { row: release, bundle: await tx.maybeOne<BundleRow>(firstBundleOfRelease, [principal.tenantId, bundleScope(release.environment_id, release.mode), id]) };
    });
    const diff = JSON.parse(Buffer.from(await this.#parts.objects.get(row.diff_key)).toString('utf8')) as FileDifference[];
    return releaseView(row, bundle, diff);
  }
}

function blocked({ id, environment, gate }: ReturnType<typeof releaseView>): ApiError {
  const exceeded = gate?.exceeded ?? [];
  return new ApiError('policy_gate_exceeded', `The gate of ${environment} keeps the release back: ${exceeded.map(({ message }) => message).join(' ')}`, { errors: exceeded, members: { release_id: id } });
}
