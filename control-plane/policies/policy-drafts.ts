import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { madeBefore, rememberMade } from '../api/idempotency.ts';
import type { Repeatable } from '../api/idempotency.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { readSource, refuseBadData, refuseBadPaths, sourceDigest, sourceText } from './layer-source.ts';
import type { LayerSource } from './layer-source.ts';
import { environmentToCompileOn, environmentsOf, layerOf } from './layers.ts';
import type { Layer } from './layers.ts';
import { refuseUnknownPacks } from './platform-sources.ts';
import type { PlatformSources } from './platform-sources.ts';
import { findDraft, insertDraft, listDrafts } from './repository-drafts.ts';
import type { DraftRow, DraftSummaryRow } from './repository-drafts.ts';
import { newestVersion } from './repository-versions.ts';
import type { VersionRow } from './repository-versions.ts';
import { readStackSources } from './stack-sources.ts';
import type { StackPlace, StackSources } from './stack-sources.ts';
import type { StacksInForce } from './stacks-in-force.ts';
import type { Stacks } from './stacks.ts';

type PolicyDraft = components['schemas']['PolicyDraft'];
type PolicyDraftSummary = components['schemas']['PolicyDraftSummary'];
type PolicyReport = components['schemas']['PolicyReport'];

export interface PolicyDraftsParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly stacks: Stacks;
  readonly platform: PlatformSources;
  readonly inForce: StacksInForce;
}

/** What a draft was made of, before it was compiled. */
interface NewDraft {
  readonly layer: Layer;
  readonly place: StackPlace;
  readonly source: LayerSource;
  readonly stack: StackSources;
}

/** Sources of a layer, with what the compiler says of them on top of what is in force. A draft never changes and decides nothing. */
export class PolicyDrafts {
  readonly #parts: PolicyDraftsParts;

  constructor(parts: PolicyDraftsParts) {
    this.#parts = parts;
  }

  async createPolicyDraft({ principal, path, body, headers }: Call<'createPolicyDraft'>): Promise<Answer<'createPolicyDraft'>> {
    refuseBadPaths(body.files);
    refuseBadData(body.data ?? {});
    const request: Repeatable = { principal, key: headers['idempotency-key'], route: 'createPolicyDraft', requestDigest: digestOf({ path, body }) };
    const { database } = this.#parts;
    const begun = await database.forTenant(principal.tenantId, async (tx) => {
      const before = await madeBefore(tx, request);
      return before ?? this.#prepare(tx, principal, path.layer, body);
    });
    const id = typeof begun === 'string' ? begun : await this.#compileAndKeep(begun, request);
    return { status: 201, body: await database.forTenant(principal.tenantId, async (tx) => shown(await this.find(tx, principal, id))) };
  }

  async listPolicyDrafts({ principal, path, query }: Call<'listPolicyDrafts'>): Promise<Answer<'listPolicyDrafts'>> {
    const after = positionOf(query.cursor);
    const limit = query.limit ?? 50;
    const found = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const layer = await layerOf(tx, principal, path.layer);
      return tx.rows<DraftSummaryRow & { cursor_at: string }>(listDrafts, [principal.tenantId, layer.key, after?.at ?? null, after?.id ?? null, limit + 1]);
    });
    const { rows, nextCursor } = pageOf(found, limit);
    return { status: 200, body: { items: rows.map(summaryOf), next_cursor: nextCursor } };
  }

  async getPolicyDraft({ principal, path }: Call<'getPolicyDraft'>): Promise<Answer<'getPolicyDraft'>> {
    const body = await this.#parts.database.forTenant(principal.tenantId, async (tx) => shown(await this.find(tx, principal, path.draft_id)));
    return { status: 200, body };
  }

  /** A draft of a layer that the principal may see. @throws ApiError `not_found` */
  async find(tx: Transaction, principal: Principal, id: string): Promise<DraftRow> {
    const row = await tx.maybeOne<DraftRow>(findDraft, [principal.tenantId, id]);
    const mine = row !== undefined && (await environmentsOf(tx, principal)).some((environment) => environment.id === row.compiled_on);
    if (!mine) throw new ApiError('not_found', 'There is no such draft. Drafts that nobody published are forgotten after 30 days.');
    return row;
  }

  async #prepare(tx: Transaction, principal: Principal, layerKey: string, body: Call<'createPolicyDraft'>['body']): Promise<NewDraft> {
    const { objects, inForce, platform } = this.#parts;
    const layer = await layerOf(tx, principal, layerKey);
    const environment = await environmentToCompileOn(tx, principal, layer, body.environment_id);
    const place = { tenantId: principal.tenantId, workspaceId: environment.workspace_id, environmentId: environment.id };
    const source = { files: body.files, data: (body.data ?? {}) as LayerSource['data'], packs: await this.#packsOf(tx, principal, layer, body.packs) };
    if (source.packs !== null) refuseUnknownPacks(platform, source.packs);
    const below = await readStackSources(tx, objects, place, await inForce.stackOf(tx, principal.tenantId, environment.id));
    return { layer, place, source, stack: { packs: source.packs ?? below.packs, layers: { ...below.layers, [layer.kind]: source } } };
  }

  /** The tenant's layer chooses the packs; where a draft does not, it keeps those of the version before it. */
  async #packsOf(tx: Transaction, { tenantId }: Principal, layer: Layer, packs: readonly string[] | undefined): Promise<readonly string[] | null> {
    if (layer.kind !== 'tenant') {
      if (packs === undefined) return null;
      throw new ApiError('request_invalid', 'Packs are chosen by the tenant\'s layer.', { errors: [{ field: '/packs', code: 'not_allowed', message: 'Leave it out, or make a draft of the layer tenant.' }] });
    }
    if (packs !== undefined) return packs;
    return (await tx.maybeOne<VersionRow>(newestVersion, [tenantId, layer.key]))?.packs ?? this.#parts.inForce.shippedPacks;
  }

  async #compileAndKeep({ layer, place, source, stack }: NewDraft, request: Repeatable): Promise<string> {
    const { database, clock, stacks } = this.#parts;
    const { principal } = request;
    const report = await stacks.check(stack);
    const id = newId('policy_draft');
    const text = sourceText(source);
    const counted = { errors: count(report, 'error'), warnings: count(report, 'warning') };
    return database.forTenant(principal.tenantId, async (tx) => {
      const before = await rememberMade(tx, request, id);
      if (before !== undefined) return before;
      await tx.change(insertDraft, [principal.tenantId, id, layer.workspaceId, layer.environmentId, place.environmentId, text, sourceDigest(text), source.packs === null ? null : JSON.stringify(source.packs),
        stacks.digestOf(stack), report.ok, counted.errors, counted.warnings, JSON.stringify(report), principal.id]);
      await appendAudit(tx, {
        at: clock.now(), type: 'policy.draft_created', tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
        actor: actorOf(principal), subject: { kind: 'policy_draft', id }, data: { layer: layer.key, digest: sourceDigest(text), valid: report.ok, ...counted },
      });
      return id;
    });
  }
}

function count({ problems }: PolicyReport, severity: 'error' | 'warning'): number {
  return problems.filter((problem) => problem.severity === severity).length;
}

function summaryOf({ id, layer, compiled_on, valid, digest, stack_digest, packs, errors, warnings, created_by, created_at }: DraftSummaryRow): PolicyDraftSummary {
  return { id, layer, environment_id: compiled_on, valid, digest, stack_digest, packs, errors, warnings, created_by, created_at: created_at.toISOString() };
}

function shown(row: DraftRow): PolicyDraft {
  const { files, data } = readSource(row.source);
  return { ...summaryOf(row), files: { ...files }, data: data as Record<string, JsonValue>, report: JSON.parse(row.report) as PolicyReport };
}
