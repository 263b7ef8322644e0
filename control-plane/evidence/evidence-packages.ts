import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { sealEvidence } from '@countersign/contracts/evidence/seal.ts';
import type { SealedEvidence } from '@countersign/contracts/evidence/seal.ts';
import { EVIDENCE_FORMAT_V2, INDEX_FILE, KEYS_FILE, PACKAGE_PREDICATE, README_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { shownKeys } from '@countersign/platform/audit/shown-keys.ts';
import { showEvents } from '@countersign/platform/audit/shown-events.ts';
import type { ShownEvents } from '@countersign/platform/audit/shown-events.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { signerNow } from '@countersign/platform/keys/signer-now.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Handlers } from '../api/operation.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { approvalContents } from './approval-contents.ts';
import { EvidencePackageError } from './errors.ts';
import { packagePage } from './index-page.ts';
import type { PackageContents } from './package-contents.ts';
import { PackagesApi } from './packages-api.ts';
import type { BuildsPackages, BuiltPackage, PackageWish } from './package-wish.ts';
import { periodContents } from './period-contents.ts';
import { jsonFile } from './plain-json.ts';
import { policyReleaseContents } from './policy-release-contents.ts';
import { claimPackage, failAbandoned, failPackage, finishPackage, insertPackage, packageEvents, publicKeys, putBackPackage } from './queries.ts';
import type { PackageRow, PublicKeyRow } from './queries.ts';
import { PACKAGE_README } from './readme.ts';
import { tenantMoveContents } from './tenant-move-contents.ts';

export interface EvidencePackageParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who signs checkpoints: asked for one where events wait for it. */
  readonly trail: { checkpointSoon(tenantId: string, chain: string): void };
}

type PackageHandlers = Pick<Handlers, 'createEvidencePackage' | 'listEvidencePackages' | 'getEvidencePackage' | 'getEvidenceArchive'>;

/** Whoever asks for one wakes the loop: this is for what another process was asked, or did not end. */
const IDLE_MS = 10_000;
const POLL_MS = 200;
/** A checkpoint takes about two seconds, a witness a few more. */
const COVERED_WITHIN_MS = 60_000;
/** Nobody removes evidence before: as long as audit events are kept at least. */
const RETAINED_MS = 365 * 24 * 60 * 60 * 1000;

const CONTENTS: Partial<Record<PackageKind, typeof approvalContents>> = { approval: approvalContents, policy_release: policyReleaseContents, period: periodContents, tenant_move: tenantMoveContents };

/** Evidence for more than one run: asked for through the API, or by a part of the cell that has something to show. */
export class EvidencePackages implements BuildsPackages {
  readonly handlers: PackageHandlers;
  readonly loops: readonly Loop[];
  readonly #parts: EvidencePackageParts;
  #stopped = false;

  constructor(parts: EvidencePackageParts) {
    this.#parts = parts;
    const { database, log } = parts;
    const building = new Loop({ name: 'evidence packages', idle_ms: IDLE_MS, busy_ms: 0, log }, () => forEveryTenant(database, log, (tenantId) => this.buildNext(tenantId)));
    const api = new PackagesApi(parts, () => building.wake());
    this.handlers = {
      createEvidencePackage: (call) => api.createEvidencePackage(call),
      listEvidencePackages: (call) => api.listEvidencePackages(call),
      getEvidencePackage: (call) => api.getEvidencePackage(call),
      getEvidenceArchive: (call) => api.getEvidenceArchive(call),
    };
    this.loops = [building];
  }

  /** Lets go whoever waits for a checkpoint, so that the loops can end. */
  stop(): void {
    this.#stopped = true;
  }

  /** @throws EvidencePackageError `events_not_covered` when no checkpoint covers the events within a minute: ask again */
  async build(wish: PackageWish): Promise<BuiltPackage> {
    const { tenantId, workspaceId, kind, subjectId, requestedBy, files, eventIds, predicate } = wish;
    const id = newId('evidence_package');
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const inserted = await tx.one<PackageRow>(insertPackage, [tenantId, id, workspaceId, kind, subjectId, null, null, false, requestedBy, 'building']);
      await appendAudit(tx, { ...this.#event(tenantId, inserted), type: 'evidence.package_requested', actor: { kind: 'system', id: requestedBy }, data: { kind, subject_id: subjectId } });
      return inserted;
    });
    try {
      return await this.#finish(tenantId, row, { files, eventIds, claims: predicate, runs: 0, sections: [] });
    } catch (error) {
      await this.#fail(tenantId, row, error);
      throw error;
    }
  }

  /** Builds the oldest package of the tenant that waits; gives whether there was one. */
  async buildNext(tenantId: string): Promise<boolean> {
    const { database } = this.#parts;
    const row = await database.forTenant(tenantId, async (tx) => {
      await tx.change(failAbandoned, [tenantId]);
      return tx.maybeOne<PackageRow>(claimPackage, [tenantId]);
    });
    if (row === undefined || this.#stopped) return false;
    try {
      const contents = CONTENTS[row.kind];
      if (contents === undefined) throw new EvidencePackageError('subject_gone', `Nobody knows what a package of kind ${row.kind} was to show.`);
      await this.#finish(tenantId, row, await contents(this.#parts, tenantId, row));
    } catch (error) {
      if (error instanceof EvidencePackageError && error.code === 'events_not_covered') return this.#putBack(tenantId, row);
      await this.#fail(tenantId, row, error);
    }
    return true;
  }

  async #finish(tenantId: string, row: PackageRow, contents: PackageContents): Promise<BuiltPackage> {
    const { database, objects, clock } = this.#parts;
    const own = await database.forTenant(tenantId, (tx) => tx.rows<{ id: string }>(packageEvents, [tenantId, chainOf(tenantId, row.workspace_id), row.requested_at, row.id]));
    const events = await this.#covered(tenantId, row.workspace_id, [...own.map(({ id }) => id), ...contents.eventIds]);
    const builtAt = clock.now();
    const sealed = await this.#seal(tenantId, row, contents, events, builtAt);
    const objectKey = `t/${tenantId}/evidence/packages/${row.id}.zip`;
    await objects.put(objectKey, sealed.archive, { retainUntil: new Date(builtAt.getTime() + RETAINED_MS) });
    await database.forTenant(tenantId, async (tx) => {
      if (await tx.change(finishPackage, [tenantId, row.id, objectKey, sealed.sha256, sealed.archive.length, sealed.kid, contents.runs]) === 0) return;
      await appendAudit(tx, {
        ...this.#event(tenantId, row), type: 'evidence.package_built', actor: { kind: 'system', id: 'evidence-packages' },
        data: { kind: row.kind, subject_id: row.subject_id, sha256: sealed.sha256, size_bytes: sealed.archive.length, runs: contents.runs },
      });
    });
    return { id: row.id, sha256: sealed.sha256, objectKey };
  }

  /** The events with their proofs, as soon as a checkpoint covers them. */
  async #covered(tenantId: string, workspaceId: string, eventIds: readonly string[]): Promise<ShownEvents | null> {
    const { database, trail } = this.#parts;
    for (let waited_ms = 0; waited_ms < COVERED_WITHIN_MS && !this.#stopped; waited_ms += POLL_MS) {
      const shown = await database.forTenant(tenantId, (tx) => showEvents(tx, tenantId, workspaceId, { eventIds }));
      if (shown !== undefined) return shown;
      trail.checkpointSoon(tenantId, chainOf(tenantId, workspaceId));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new EvidencePackageError('events_not_covered', `No checkpoint has covered the ${eventIds.length} events of the package within ${COVERED_WITHIN_MS / 1000} s.`);
  }

  async #seal(tenantId: string, row: PackageRow, contents: PackageContents, events: ShownEvents | null, builtAt: Date): Promise<SealedEvidence> {
    const { id, workspace_id, kind, subject_id, requested_by } = row;
    const page = packagePage({ id, kind, subjectId: subject_id, requestedBy: requested_by, builtAt, claims: contents.claims, sections: contents.sections, events: bodiesOf(events) });
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const keys = shownKeys(await tx.rows<PublicKeyRow>(publicKeys, [tenantId]), chainOf(tenantId, workspace_id));
      return sealEvidence({
        predicateType: PACKAGE_PREDICATE, withheld: events?.withheld ?? [],
        files: new Map([...contents.files, ...(events?.files ?? []), [KEYS_FILE, jsonFile({ keys })], [README_FILE, Buffer.from(PACKAGE_README)], [INDEX_FILE, page]]),
        predicate: {
          format: EVIDENCE_FORMAT_V2, evidence_id: id, tenant_id: tenantId, workspace_id, built_at: builtAt.toISOString(), chain: events?.chain ?? null,
          kind, subject_id, requested_by, claims: contents.claims,
        },
      }, await signerNow(tx, this.#parts.keys, tenantId, 'evidence'));
    });
  }

  /** It gets better by waiting: somebody tries again at the next turn. */
  async #putBack(tenantId: string, { id }: PackageRow): Promise<boolean> {
    await this.#parts.database.forTenant(tenantId, (tx) => tx.change(putBackPackage, [tenantId, id]));
    return false;
  }

  async #fail(tenantId: string, row: PackageRow, cause: unknown): Promise<void> {
    const { database, log } = this.#parts;
    const error = cause instanceof EvidencePackageError ? { code: cause.code, message: cause.message } : { code: 'internal', message: 'It could not be built. The operator finds more in the log.' };
    log.error({ err: cause, tenant_id: tenantId, package_id: row.id }, 'an evidence package could not be built');
    await database.forTenant(tenantId, (tx) => tx.change(failPackage, [tenantId, row.id, JSON.stringify(error)]));
  }

  #event(tenantId: string, { id, workspace_id }: PackageRow): Pick<AuditEvent, 'tenant_id' | 'workspace_id' | 'run_id' | 'subject'> & { readonly at: Date } {
    return { at: this.#parts.clock.now(), tenant_id: tenantId, workspace_id, run_id: null, subject: { kind: 'evidence_package', id } };
  }
}

function bodiesOf(events: ShownEvents | null): AuditEvent[] {
  return [...(events?.files ?? [])].filter(([path]) => path.startsWith('events/')).map(([, bytes]) => JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditEvent);
}
