import { STATEMENT_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../../errors.ts';
import { canonicalOf } from '../../read.ts';
import { contradiction, requireEvent } from '../../record/shown-record.ts';
import type { ShownRecord } from '../../record/shown-record.ts';
import type { Findings } from '../../verification.ts';

/** What the statement claims, and its page shows, is what the file says. @throws EvidenceError `record_inconsistent` */
export function requireClaims({ claims }: PackagePredicate, file: string, said: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(said)) {
    if (!isSame(claims[name] ?? null, value)) throw new EvidenceError('record_inconsistent', file, `The statement claims another ${name} than ${file} shows.`);
  }
}

/** What the package is about is what the file is about. */
export function requireSubject({ kind, subject_id }: PackagePredicate, file: string, id: unknown): void {
  if (id !== subject_id) throw new EvidenceError('record_inconsistent', file, `${file} is not of the ${kind.replaceAll('_', ' ')} ${subject_id} that the statement names.`);
}

/** Every package shows the event by which it was asked for, with its kind and its subject in it: nobody turns it into one of something else. */
export function checkRequest(record: ShownRecord, { evidence_id, kind, subject_id, requested_by }: PackagePredicate): Findings {
  const event = requireEvent(record, 'evidence.package_requested', evidence_id, { kind, subject_id }, STATEMENT_FILE);
  if (event === undefined) return { proofs: [], not_proven: ['Who asked for the package: that event was left out.'] };
  if (event.actor.id !== requested_by) contradiction(record, STATEMENT_FILE, `${event.actor.id} asked for the package, not ${requested_by}`);
  return { proofs: [{ check: 'request', proves: `The package was asked for by ${requested_by} at ${event.at}, of this kind and about this.` }], not_proven: [] };
}

/** By value: JSON has no other equality. */
export function isSame(one: unknown, other: unknown): boolean {
  return canonicalOf(one ?? null, STATEMENT_FILE) === canonicalOf(other ?? null, STATEMENT_FILE);
}
