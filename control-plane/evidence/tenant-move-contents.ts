import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import { EvidencePackageError } from './errors.ts';
import type { ContentParts, PackageContents } from './package-contents.ts';
import { jsonFile } from './plain-json.ts';
import type { PackageRow } from './queries.ts';
import { eventsOfMove, moveContent } from './repository-contents.ts';
import type { EventTextRow, MoveContentRow } from './repository-contents.ts';

/** The move of the tenant between two cells, as the cell that it is in now knows it: what each of the two sealed, and what was compared. */
export async function tenantMoveContents({ database }: ContentParts, tenantId: string, { workspace_id, subject_id }: PackageRow): Promise<PackageContents> {
  const read = await database.forTenant(tenantId, async (tx) => {
    const move = await tx.maybeOne<MoveContentRow>(moveContent, [tenantId, subject_id]);
    return move === undefined ? undefined : { move, events: await tx.rows<EventTextRow>(eventsOfMove, [tenantId, chainOf(tenantId, workspace_id), subject_id]) };
  });
  if (read === undefined) throw new EvidencePackageError('subject_gone', `There is no move ${subject_id} any more.`);
  const { move, events } = read;
  const { state, from_cell, to_cell, digest, rows, objects } = move;
  return {
    files: new Map([['move.json', jsonFile(move)]]), eventIds: events.map(({ id }) => id), claims: { state, from_cell, to_cell, digest, rows, objects }, runs: 0,
    sections: [{
      heading: 'What was moved',
      text: [
        `The tenant went from the cell ${from_cell} to the cell ${to_cell}: begun ${move.began_at.toISOString()}, last changed ${move.changed_at.toISOString()}. It is ${state.replace('_', ' ')}.`,
        digest === null ? 'Nothing was compared yet.' : `${rows ?? 0} rows and ${objects ?? 0} objects were compared at both ends. The digest over all rows is ${digest}.`,
      ],
    }],
  };
}
