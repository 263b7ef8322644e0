import type { PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../../errors.ts';
import { readCanonical } from '../../read.ts';
import { isShown, requireEvent } from '../../record/shown-record.ts';
import type { ShownRecord } from '../../record/shown-record.ts';
import type { Findings } from '../../verification.ts';
import { requireClaims, requireSubject } from './claims.ts';

interface Erasure {
  readonly request_id: string;
  readonly pseudonym: string;
  readonly principal_id: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: ReadonlyArray<{ readonly place: string; readonly row_id: string; readonly action: string; readonly retained_until?: string | null }>;
  readonly not_searched: Readonly<Record<string, string>>;
}

const ACTIONS = ['removed', 'pseudonymised', 'shredded', 'retained'];

/** Whose data was erased at whose request, what was found where and what was done with it; and what was not even looked through. */
export function checkErasure(record: ShownRecord, predicate: PackagePredicate): Findings {
  if (!isShown(record, 'erasure.json')) return { proofs: [], not_proven: ['What was erased: erasure.json was left out.'] };
  const { request_id, pseudonym, principal_id, counts, findings, not_searched } = readCanonical<Erasure>(record.files, 'erasure.json');
  requireSubject(predicate, 'erasure.json', request_id);
  requireClaims(predicate, 'erasure.json', { pseudonym, counts });
  requireCounted(counts, findings);
  requireEvent(record, 'erasure.requested', request_id, { pseudonym, principal_id }, 'erasure.json');
  const retained = findings.filter(({ action }) => action === 'retained');
  return {
    proofs: [{ check: 'erasure', proves: `The erasure of ${pseudonym} was asked for, as the audit has it, and the cell signed what became of ${findings.length} finding(s) in ${Object.keys(counts).length} place(s).` }],
    not_proven: [
      'That each finding was erased, and that there were no others: that is the word of the cell, which looked until it found nothing. That it came to an end is the event erasure.completed, which follows this package in the audit.',
      ...(retained.length === 0 ? [] : [`That ${retained.length} finding(s) are gone: their store keeps them until ${retained.map(({ retained_until }) => retained_until ?? 'an unknown time').toSorted().at(-1)}.`]),
      ...Object.keys(not_searched).map((place) => `That nothing of the person is in ${place}: it was not searched. erasure.json says why.`),
    ],
  };
}

function requireCounted(counts: Erasure['counts'], findings: Erasure['findings']): void {
  const counted = new Map<string, number>();
  for (const { place, action } of findings) {
    if (!ACTIONS.includes(action)) throw new EvidenceError('record_inconsistent', 'erasure.json', `Nobody knows what it means that a finding was ${JSON.stringify(action)}.`);
    counted.set(place, (counted.get(place) ?? 0) + 1);
  }
  const differs = counted.size !== Object.keys(counts).length || [...counted].some(([place, count]) => counts[place] !== count);
  if (differs) throw new EvidenceError('record_inconsistent', 'erasure.json', 'The findings in erasure.json do not add up to its counts.');
}
