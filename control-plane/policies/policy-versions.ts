import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { madeBefore, rememberMade } from '../api/idempotency.ts';
import type { Repeatable } from '../api/idempotency.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import { actorOf } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { readSource } from './layer-source.ts';
import { layerOf } from './layers.ts';
import type { Layer } from './layers.ts';
import { findDraft } from './repository-drafts.ts';
import type { DraftRow } from './repository-drafts.ts';
import { findVersion, findVersionByDigest, insertVersion, listVersions, lockTenant } from './repository-versions.ts';
import type { VersionRow } from './repository-versions.ts';
import { versionOf } from './stack-sources.ts';
import { invalid } from './stacks.ts';

type PolicyVersion = components['schemas']['PolicyVersion'];
type PolicyVersionSummary = components['schemas']['PolicyVersionSummary'];
type PolicyReport = components['schemas']['PolicyReport'];

export interface PolicyVersionsParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly notifier: Notifier;
}

/** What may be released: sources that compiled, under a number of their layer, for good. */
export class PolicyVersions {
  readonly #parts: PolicyVersionsParts;

  constructor(parts: PolicyVersionsParts) {
    this.#parts = parts;
  }

  async publishPolicyVersion({ principal, path, body, headers }: Call<'publishPolicyVersion'>): Promise<Answer<'publishPolicyVersion'>> {
    refuseBlank(body.message, '/message');
    const { database, objects, notifier } = this.#parts;
    const request: Repeatable = { principal, key: headers['idempotency-key'], route: 'publishPolicyVersion', requestDigest: digestOf({ path, body }) };
    const row = await database.forTenant(principal.tenantId, async (tx) => {
      const layer = await layerOf(tx, principal, path.layer);
      const before = await madeBefore(tx, request);
      return before === undefined ? this.#publish(tx, request, layer, body) : versionOf(tx, principal.tenantId, layer.key, Number(before));
    });
    notifier.changed({ tenant_id: principal.tenantId, workspace_id: path.layer === 'tenant' ? null : principal.workspaceId, kind: 'policy', id: body.draft_id, state: 'published' });
    return { status: 201, body: shown(row, await objects.get(row.object_key)) };
  }

  async listPolicyVersions({ principal, path, query }: Call<'listPolicyVersions'>): Promise<Answer<'listPolicyVersions'>> {
    const after = positionOf(query.cursor);
    const limit = query.limit ?? 50;
    const found = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const layer = await layerOf(tx, principal, path.layer);
      return tx.rows<VersionRow & { id: string; cursor_at: string }>(listVersions, [principal.tenantId, layer.key, after?.at ?? null, after === null ? null : Number(after.id) || 0, limit + 1]);
    });
    const { rows, nextCursor } = pageOf(found, limit);
    return { status: 200, body: { items: rows.map(versionSummary), next_cursor: nextCursor } };
  }

  async getPolicyVersion({ principal, path }: Call<'getPolicyVersion'>): Promise<Answer<'getPolicyVersion'>> {
    const row = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const layer = await layerOf(tx, principal, path.layer);
      return tx.maybeOne<VersionRow>(findVersion, [principal.tenantId, layer.key, path.version]);
    });
    if (row === undefined) throw new ApiError('not_found', `This layer has no version ${path.version}.`);
    return { status: 200, body: shown(row, await this.#parts.objects.get(row.object_key)) };
  }

  async #publish(tx: Transaction, request: Repeatable, layer: Layer, { draft_id, message }: Call<'publishPolicyVersion'>['body']): Promise<VersionRow> {
    const { principal } = request;
    const draft = await tx.maybeOne<DraftRow>(findDraft, [principal.tenantId, draft_id]);
    if (draft === undefined || draft.layer !== layer.key) throw new ApiError('policy_draft_unknown', `The layer ${layer.key} has no draft ${draft_id}. Drafts that nobody published are forgotten after 30 days.`);
    if (!draft.valid) throw invalid(JSON.parse(draft.report) as PolicyReport);
    await tx.one(lockTenant, [principal.tenantId]);
    const same = await tx.maybeOne<VersionRow>(findVersionByDigest, [principal.tenantId, layer.key, draft.digest]);
    const row = same ?? await this.#insert(tx, request, layer, draft, message);
    const before = await rememberMade(tx, request, String(row.version));
    return before === undefined ? row : versionOf(tx, principal.tenantId, layer.key, Number(before));
  }

  async #insert(tx: Transaction, { principal }: Repeatable, layer: Layer, draft: DraftRow, message: string): Promise<VersionRow> {
    const { clock, objects } = this.#parts;
    // The bytes are there before the row that names them.
    const objectKey = `policy-sources/${draft.digest.slice('sha256:'.length)}.json`;
    await objects.put(objectKey, Buffer.from(draft.source, 'utf8'));
    const row = await tx.one<VersionRow>(insertVersion, [principal.tenantId, layer.workspaceId, layer.environmentId, draft.digest, objectKey, draft.packs === null ? null : JSON.stringify(draft.packs), message, draft.id, principal.id]);
    await appendAudit(tx, {
      at: clock.now(), type: 'policy.version_published', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'policy_layer', id: layer.key },
      // What people typed stays out of the trail: its digest is in it.
      data: { version: row.version, digest: row.digest, draft_id: draft.id, message_digest: digestOf(message) },
    });
    return row;
  }
}

/** @throws ApiError `request_invalid` */
export function refuseBlank(text: string, field: string): void {
  if (text.trim() === '') throw new ApiError('request_invalid', 'A text is empty that must say why.', { errors: [{ field, code: 'required', message: 'Say why, in a sentence.' }] });
}

export function versionSummary({ layer, version, digest, packs, message, draft_id, published_by, published_at }: VersionRow): PolicyVersionSummary {
  return { layer, version, digest, packs, message, draft_id, published_by, published_at: published_at.toISOString() };
}

function shown(row: VersionRow, source: Uint8Array): PolicyVersion {
  const { files, data } = readSource(source);
  return { ...versionSummary(row), files: { ...files }, data: data as Record<string, JsonValue> };
}
