import type { PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { EvidenceError } from '../../errors.ts';
import { readCanonical } from '../../read.ts';
import { contradiction, eventsOf, isShown, requireEvent } from '../../record/shown-record.ts';
import type { ShownRecord } from '../../record/shown-record.ts';
import type { Findings } from '../../verification.ts';
import { requireClaims, requireSubject } from './claims.ts';

interface Grant {
  readonly grant_id: string;
  readonly principal_id: string;
  readonly role: string;
  readonly activated_at: string;
  readonly ends_at: string;
  readonly ended_at: string | null;
  readonly ended_because: string | null;
  readonly events: number;
}

/** The database and the control plane have a clock each; events are dated by the latter. */
const CLOCKS_DIFFER_MS = 60_000;
/** So much longer than the grant are events taken into the package. */
const SLACK_MS = 5_000;

/** Who took which role, from when until when, what they did meanwhile, and that it ended. */
export function checkBreakGlass(record: ShownRecord, predicate: PackagePredicate): Findings {
  if (!isShown(record, 'break-glass.json')) return { proofs: [], not_proven: ['What was granted: break-glass.json was left out.'] };
  const grant = readCanonical<Grant>(record.files, 'break-glass.json');
  requireSubject(predicate, 'break-glass.json', grant.grant_id);
  requireClaims(predicate, 'break-glass.json', { ...grant });
  requireTaken(record, grant);
  requireEnded(record, grant);
  const done = record.events.filter(({ subject }) => subject.id !== predicate.evidence_id);
  for (const event of done) requireOfGrant(record, event, grant);
  if (!record.eventsWithheld && done.length !== grant.events) throw new EvidenceError('record_inconsistent', 'break-glass.json', `break-glass.json speaks of ${grant.events} events, and ${done.length} are shown.`);
  const reviewed = eventsOf(record, 'break_glass.reviewed').find(({ subject }) => subject.id === grant.grant_id);
  return {
    proofs: [
      { check: 'grant', proves: `${grant.principal_id} took the role ${grant.role} at ${grant.activated_at} and had it until ${grant.ended_at ?? grant.ends_at} (${grant.ended_because ?? 'its time was over'}), as the audit has it.` },
      { check: 'deeds', proves: `${done.length} audit event(s) of that time are theirs, or about the grant.` },
      ...(reviewed === undefined ? [] : [{ check: 'second_person', proves: `It was reviewed by ${reviewed.actor.id}, who is not who took it.` }]),
    ],
    not_proven: [
      'That they did nothing else: which events belong is the word of the cell, and at most 5,000 are shown. The whole audit says it, searched for the person.',
      ...(reviewed === undefined ? ['Whether somebody else looked at it afterwards: a review follows this package, as break_glass.reviewed in the audit.'] : []),
    ],
  };
}

function requireTaken(record: ShownRecord, { grant_id, principal_id, role, activated_at, ends_at }: Grant): void {
  const event = requireEvent(record, 'break_glass.activated', grant_id, { role, ends_at }, 'break-glass.json');
  if (event === undefined) return;
  if (event.actor.id !== principal_id) contradiction(record, 'break-glass.json', `${event.actor.id} took the role, not ${principal_id}`);
  if (!isNear(event.at, activated_at)) contradiction(record, 'break-glass.json', `the role was taken at ${event.at}, not at ${activated_at}`);
}

function requireEnded(record: ShownRecord, { grant_id, role, activated_at, ends_at, ended_at, ended_because }: Grant): void {
  if (ended_at === null) return;
  if (Date.parse(ended_at) < Date.parse(activated_at) || Date.parse(ended_at) > Date.parse(ends_at)) throw new EvidenceError('record_inconsistent', 'break-glass.json', 'The grant ended before it began, or after its time was over.');
  const event = requireEvent(record, 'break_glass.ended', grant_id, { role, because: ended_because }, 'break-glass.json');
  // What grants nothing any more may be said to have ended a while later, where the cell was down.
  if (event !== undefined && Date.parse(event.at) < Date.parse(ended_at) - CLOCKS_DIFFER_MS) contradiction(record, 'break-glass.json', `the grant ended by ${event.at}, and not at ${ended_at}`);
}

/** Of the person within the time of the grant, or about the grant. A review is by somebody else. */
function requireOfGrant(record: ShownRecord, { id, at, type, actor, subject }: AuditEvent, { grant_id, principal_id, activated_at, ends_at, ended_at }: Grant): void {
  if (type === 'break_glass.reviewed' && actor.id === principal_id) throw new EvidenceError('approval_insufficient', 'break-glass.json', `${principal_id} reviewed what they took themselves.`);
  if (subject.id === grant_id) return;
  if (actor.id !== principal_id) contradiction(record, 'break-glass.json', `the event ${id} is by ${actor.id}, and not about the grant`);
  if (Date.parse(at) < Date.parse(activated_at) || Date.parse(at) > Date.parse(ended_at ?? ends_at) + SLACK_MS) contradiction(record, 'break-glass.json', `the event ${id} is of ${at}, outside of the time of the grant`);
}

function isNear(one: string, other: string): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) <= CLOCKS_DIFFER_MS;
}
