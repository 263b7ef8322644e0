import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { approvalExists, findPackage, insertPackage, listPackages, moveExists, releaseExists } from './queries.ts';
import type { PackageRow } from './queries.ts';

type NewPackage = Call<'createEvidencePackage'>['body'];

const MAX_PERIOD_DAYS = 366;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What people ask of packages: to build one, to see how far it is, and to have it. */
export class PackagesApi {
  readonly #parts: { readonly database: Database; readonly objects: Objects; readonly clock: Clock };
  readonly #onRequested: () => void;

  constructor(parts: { readonly database: Database; readonly objects: Objects; readonly clock: Clock }, onRequested: () => void) {
    this.#parts = parts;
    this.#onRequested = onRequested;
  }

  async createEvidencePackage({ principal, body, requestId }: Call<'createEvidencePackage'>): Promise<Answer<'createEvidencePackage'>> {
    const { tenantId, workspaceId } = principal;
    const wanted = wishOf(body, this.#parts.clock.now());
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      await requireSubject(tx, principal, body);
      const id = newId('evidence_package');
      const inserted = await tx.one<PackageRow>(insertPackage, [tenantId, id, workspaceId, body.kind, wanted.subjectId, wanted.from, wanted.to, body.include_runs ?? false, principal.id, 'requested']);
      await this.#audit(tx, principal, 'evidence.package_requested', inserted, { kind: body.kind, subject_id: wanted.subjectId, request_id: requestId });
      return inserted;
    });
    this.#onRequested();
    return { status: 202, body: shown(row) };
  }

  async listEvidencePackages({ principal, query }: Call<'listEvidencePackages'>): Promise<Answer<'listEvidencePackages'>> {
    const { tenantId, workspaceId } = principal;
    const limit = query.limit ?? 50;
    const after = positionOf(query.cursor);
    const rows = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<PackageRow>(listPackages, [tenantId, workspaceId, query.kind ?? null, after?.at ?? null, after?.id ?? null, limit + 1]));
    const page = pageOf(rows, limit);
    return { status: 200, body: { items: page.rows.map(shown), next_cursor: page.nextCursor } };
  }

  async getEvidencePackage({ principal, path }: Call<'getEvidencePackage'>): Promise<Answer<'getEvidencePackage'>> {
    return { status: 200, body: shown(await this.#read(principal, path.package_id)) };
  }

  /** Every download is audited. */
  async getEvidenceArchive({ principal, path, requestId }: Call<'getEvidenceArchive'>): Promise<Answer<'getEvidenceArchive'>> {
    const row = await this.#read(principal, path.package_id);
    if (row.state !== 'built' || row.object_key === null) throw new ApiError('evidence_package_not_ready', `It is ${row.state}.`, row.state === 'failed' ? {} : { retryAfter_s: 2 });
    const bytes = await this.#parts.objects.get(row.object_key);
    const digest = digestOfBytes(bytes);
    if (digest !== `sha256:${row.sha256}`) {
      throw new ApiError('internal', 'The stored package is not what was built. The operator finds more in the log under `request_id`.', { cause: `${row.object_key} has ${digest}, not ${row.sha256}` });
    }
    await this.#parts.database.forTenant(principal.tenantId, (tx) => this.#audit(tx, principal, 'evidence.package_downloaded', row, { sha256: row.sha256, request_id: requestId }));
    return {
      status: 200, bytes, mediaType: 'application/zip',
      headers: { digest: `sha-256=${Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64')}`, 'content-disposition': `attachment; filename="${row.id}.evidence.zip"` },
    };
  }

  async #read({ tenantId, workspaceId }: Principal, id: string): Promise<PackageRow> {
    const row = await this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<PackageRow>(findPackage, [tenantId, workspaceId, id]));
    if (row === undefined) throw new ApiError('not_found', 'There is no such evidence package.');
    return row;
  }

  async #audit(tx: Transaction, principal: Principal, type: 'evidence.package_requested' | 'evidence.package_downloaded', { id, workspace_id }: PackageRow, data: AuditData): Promise<void> {
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id, run_id: null, actor: actorOf(principal), subject: { kind: 'evidence_package', id }, data,
    });
  }
}

/** A period is named by its bounds; everything else by its id. @throws ApiError `evidence_period_invalid`, `request_invalid` */
function wishOf({ kind, subject_id, from, to }: NewPackage, now: Date): { subjectId: string; from: Date | null; to: Date | null } {
  if (kind !== 'period') {
    if (subject_id === undefined || from !== undefined || to !== undefined) throw invalid('/body/subject_id', 'Give `subject_id`, and neither `from` nor `to`, for an approval, a policy release or a move of the tenant.');
    return { subjectId: subject_id, from: null, to: null };
  }
  if (subject_id !== undefined || from === undefined || to === undefined) throw invalid('/body/from', 'Give `from` and `to`, and no `subject_id`, for a period.');
  const [begins, ends] = [new Date(from), new Date(to)];
  if (begins >= ends || ends > now || ends.getTime() - begins.getTime() > MAX_PERIOD_DAYS * DAY_MS) {
    throw new ApiError('evidence_period_invalid', `A period begins before it ends, ends in the past, and is at most ${MAX_PERIOD_DAYS} days long.`);
  }
  return { subjectId: `${begins.toISOString()}/${ends.toISOString()}`, from: begins, to: ends };
}

async function requireSubject(tx: Transaction, { tenantId, workspaceId }: Principal, { kind, subject_id }: NewPackage): Promise<void> {
  if (kind === 'period') return;
  const { exists, what } = SUBJECTS[kind];
  if (await tx.maybeOne(exists, [tenantId, workspaceId, subject_id]) === undefined) throw new ApiError('not_found', `There is no such ${what}.`);
}

const SUBJECTS = {
  approval: { exists: approvalExists, what: 'approval' }, policy_release: { exists: releaseExists, what: 'policy release' },
  tenant_move: { exists: moveExists, what: 'move of the tenant; it is asked for in the first workspace' },
} as const;

function invalid(field: string, message: string): ApiError {
  return new ApiError('request_invalid', message, { errors: [{ field, code: 'field_invalid', message }] });
}

function shown({ id, kind, subject_id, from_at, to_at, include_runs, state, sha256, size_bytes, kid, runs, requested_by, requested_at, built_at, error }: PackageRow): components['schemas']['EvidencePackage'] {
  return {
    id, kind, subject_id, from: from_at?.toISOString() ?? null, to: to_at?.toISOString() ?? null, include_runs, state, sha256, size_bytes, kid, runs,
    requested_by, requested_at: requested_at.toISOString(), built_at: built_at?.toISOString() ?? null, error,
  };
}
