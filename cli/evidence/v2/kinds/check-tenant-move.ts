import type { PackagePredicate } from '@countersign/contracts/evidence/statement.ts';
import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { EvidenceError } from '../../errors.ts';
import { readCanonical } from '../../read.ts';
import { contradiction, eventsOf, isShown } from '../../record/shown-record.ts';
import type { ShownRecord } from '../../record/shown-record.ts';
import type { Findings } from '../../verification.ts';
import { requireClaims, requireSubject } from './claims.ts';

interface Move {
  readonly id: string;
  readonly state: string;
  readonly from_cell: string;
  readonly to_cell: string;
  readonly digest: string | null;
  readonly rows: number | null;
  readonly objects: number | null;
}

/** From where to where, that the one cell let go before the other took over, and what was compared on the way. */
export function checkTenantMove(record: ShownRecord, predicate: PackagePredicate): Findings {
  if (!isShown(record, 'move.json')) return { proofs: [], not_proven: ['What was moved: move.json was left out.'] };
  const { id, state, from_cell, to_cell, digest, rows, objects } = readCanonical<Move>(record.files, 'move.json');
  requireSubject(predicate, 'move.json', id);
  requireClaims(predicate, 'move.json', { state, from_cell, to_cell, digest, rows, objects });
  if (from_cell === to_cell) throw new EvidenceError('record_inconsistent', 'move.json', 'A tenant does not move to where it is.');
  const left = moved(record, 'tenant.moved_out', id, { from_cell, to_cell });
  const arrived = state === 'cut_over' ? moved(record, 'tenant.moved_in', id, { from_cell, to_cell, digest, rows }) : undefined;
  if (left !== undefined && arrived !== undefined && record.events.indexOf(left) > record.events.indexOf(arrived)) contradiction(record, 'move.json', 'the tenant arrived before it left');
  return {
    proofs: [
      { check: 'left', proves: `The cell ${from_cell} sealed that the tenant goes to ${to_cell}.` },
      ...(state === 'cut_over' ? [{ check: 'arrived', proves: `The cell ${to_cell} went on with the same chain: ${rows ?? 0} rows arrived, whose digest is ${digest ?? 'not known'} at both ends.` }] : []),
    ],
    not_proven: [
      ...(state === 'cut_over' ? [] : [`That the tenant arrived: the move is ${state}.`]),
      `That nothing of the tenant is left in ${from_cell}: that is for whoever operates it to remove, and to show.`,
      ...(objects === null ? [] : [`Which ${objects} objects went along: they were compared by digest, and only their number is here.`]),
    ],
  };
}

/** A move that is tried again says so each time: the last one counts. */
function moved(record: ShownRecord, type: AuditEventType, moveId: string, data: Readonly<Record<string, unknown>>): AuditEvent | undefined {
  const event = eventsOf(record, type).findLast((one) => one.data.move_id === moveId);
  if (event === undefined) return record.eventsWithheld ? undefined : contradiction(record, 'move.json', `no ${type} event is of ${moveId}`);
  const said: Readonly<Record<string, unknown>> = { ...event.data };
  for (const [name, value] of Object.entries(data)) if (said[name] !== value) contradiction(record, 'move.json', `the ${type} event says another ${name}`);
  return event;
}
