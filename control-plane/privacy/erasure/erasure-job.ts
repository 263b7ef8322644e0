import type { PersonTerms } from '@countersign/contracts/privacy/terms.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { Loop } from '../../cell/loop.ts';
import { forEveryTenant } from '../../cell/tenants.ts';
import type { BuildsPackages } from '../../evidence/package-wish.ts';
import { holdOnPerson } from '../repository-holds.ts';
import { searchControl } from './control-search.ts';
import { searchObjects } from './objects-search.ts';
import { NOT_SEARCHED } from './places.ts';
import { claimOpen, insertFindings, insertTask, isTaskDone, letGo, listFindings, toCompleted, toHeld, toRunning } from './repository-erasure.ts';
import type { ErasureRow } from './repository-erasure.ts';
import { shutOut } from './repository-person.ts';
import type { Finding } from './repository-person.ts';

export interface ErasureJobParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  readonly packages: BuildsPackages;
}

const EVERY_MS = 2_000;
/** What waits for a hold, for workers or for a run to end is looked at again after so long. */
const AGAIN_S = 2;
const MAX_EVIDENCE_BYTES = 64 * 1024 * 1024;
const ACTOR = { kind: 'system', id: 'privacy' } as const;

/**
 * Carries erasures out: shuts the person out, looks through everything that this plane wrote and has the workers do the same with theirs, looks
 * again until nothing is found, and proves it. A legal hold stops it wherever it is. Every step may be done twice.
 */
export function erasureLoop(parts: ErasureJobParts): Loop {
  return new Loop({ name: 'erasure', idle_ms: EVERY_MS, busy_ms: 0, log: parts.log }, () => forEveryTenant(parts.database, parts.log, (tenantId) => carryOnOne(parts, tenantId)));
}

/** Gives whether a request came a step further. */
export async function carryOnOne(parts: ErasureJobParts, tenantId: string): Promise<boolean> {
  const request = await parts.database.forTenant(tenantId, (tx) => tx.maybeOne<ErasureRow>(claimOpen, [tenantId]));
  if (request === undefined || request.person_sealed === null) return false;
  const person = JSON.parse(Buffer.from(await parts.keys.unseal(tenantId, 'identity', request.id, request.person_sealed)).toString('utf8')) as PersonTerms;
  const moved = await carryOn(parts, tenantId, request, person);
  if (!moved) await parts.database.forTenant(tenantId, (tx) => tx.change(letGo, [tenantId, request.id, AGAIN_S]));
  return moved;
}

async function carryOn(parts: ErasureJobParts, tenantId: string, request: ErasureRow, person: PersonTerms): Promise<boolean> {
  if (await isHeld(parts, tenantId, request, person)) return false;
  if (request.state !== 'running') await begin(parts, tenantId, request, person);
  const searched = await searchControl(parts, tenantId, request.id, person.terms);
  const workersDone = (await parts.database.forTenant(tenantId, (tx) => tx.maybeOne<{ done: boolean }>(isTaskDone, [tenantId, request.id])))?.done ?? false;
  // Done is what a whole search finds nothing in any more: what was written meanwhile is found by the next.
  if (searched.cleared > 0 || searched.waiting > 0 || !workersDone) return false;
  // Last, since evidence is made of what was just searched.
  if (await searchObjects(parts, tenantId, request.id, person.terms) > 0) return false;
  await complete(parts, tenantId, request);
  return true;
}

/** Whether a hold covers the person; a request that is stopped by one says so once. */
async function isHeld(parts: ErasureJobParts, tenantId: string, request: ErasureRow, person: PersonTerms): Promise<boolean> {
  return parts.database.forTenant(tenantId, async (tx) => {
    const hold = await holdOnPerson(tx, tenantId, person.principal_id);
    if (hold === null) return false;
    if (request.state === 'held') return true;
    await tx.change(toHeld, [tenantId, request.id, hold]);
    await audit(tx, parts, tenantId, request, 'erasure.blocked', { pseudonym: request.pseudonym, legal_hold_id: hold });
    return true;
  });
}

/** In one transaction: nobody is shut out whose data is not looked for. */
async function begin(parts: ErasureJobParts, tenantId: string, request: ErasureRow, person: PersonTerms): Promise<void> {
  const terms = await parts.keys.seal(tenantId, 'identity', request.id, Buffer.from(JSON.stringify(person)));
  await parts.database.forTenant(tenantId, async (tx) => {
    const findings = person.principal_id === null ? [] : await shutOut(tx, tenantId, person.principal_id, request.pseudonym);
    await insertFindings(tx, tenantId, request.id, findings);
    await tx.change(insertTask, [tenantId, request.id, terms]);
    await tx.change(toRunning, [tenantId, request.id]);
  });
}

async function complete(parts: ErasureJobParts, tenantId: string, request: ErasureRow): Promise<void> {
  const findings = await parts.database.forTenant(tenantId, (tx) => tx.rows<Finding>(listFindings, [tenantId, request.id]));
  const counts = countsOf(findings);
  const { id } = await parts.packages.build({
    tenantId, workspaceId: request.workspace_id, kind: 'erasure', subjectId: request.id, requestedBy: request.requested_by, eventIds: [request.event_id],
    files: new Map([['erasure.json', canonicalBytes({ request_id: request.id, pseudonym: request.pseudonym, principal_id: request.principal_id, counts, findings, not_searched: NOT_SEARCHED }, MAX_EVIDENCE_BYTES)]]),
    predicate: { pseudonym: request.pseudonym, counts },
  });
  await parts.database.forTenant(tenantId, async (tx) => {
    if (await tx.change(toCompleted, [tenantId, request.id, JSON.stringify(counts), id]) === 0) return;
    await audit(tx, parts, tenantId, request, 'erasure.completed', { pseudonym: request.pseudonym, principal_id: request.principal_id, counts, retained_count: findings.filter(({ action }) => action === 'retained').length, evidence_package_id: id });
  });
}

function countsOf(findings: readonly Finding[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { place } of findings) counts[place] = (counts[place] ?? 0) + 1;
  return counts;
}

function audit(tx: Transaction, { clock }: ErasureJobParts, tenantId: string, request: ErasureRow, type: AuditEventType, data: Parameters<typeof appendAudit>[1]['data']): Promise<string> {
  return appendAudit(tx, { at: clock.now(), type, tenant_id: tenantId, workspace_id: request.workspace_id, run_id: null, actor: ACTOR, subject: { kind: 'erasure_request', id: request.id }, data });
}
