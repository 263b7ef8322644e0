import { folded, mentions, textIn } from '@countersign/contracts/privacy/terms.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { clearMentions } from '@countersign/platform/postgres/text-scan.ts';
import { CONTROL_TEXTS } from './places.ts';
import { insertFindings } from './repository-erasure.ts';
import { SEALED_PLACES } from './repository-sealed.ts';
import type { SealedPlace, SealedRow } from './repository-sealed.ts';

export interface SearchParts {
  readonly database: Database;
  readonly keys: Keys;
}

export interface Searched {
  readonly cleared: number;
  readonly waiting: number;
}

/** Goes once through everything that the control plane wrote and takes out what mentions the person. */
export async function searchControl(parts: SearchParts, tenantId: string, requestId: string, terms: readonly string[]): Promise<Searched> {
  const foldedTerms = terms.map(folded);
  const done: Searched[] = [];
  for (const table of CONTROL_TEXTS) {
    const action = table.clear === 'delete' ? 'removed' : 'shredded';
    done.push(await clearMentions(
      (work) => parts.database.forTenant(tenantId, work), table, tenantId, (text) => mentions(text, foldedTerms),
      (tx, keys) => insertFindings(tx, tenantId, requestId, keys.map((row_id) => ({ place: table.table, row_id, action }))),
    ));
  }
  for (const place of SEALED_PLACES) done.push(await searchSealed(parts, place, tenantId, requestId, foldedTerms));
  return { cleared: sum(done.map((one) => one.cleared)), waiting: sum(done.map((one) => one.waiting)) };
}

/** It is opened to be looked at. */
async function searchSealed({ database, keys }: SearchParts, { table, purpose, read, shred }: SealedPlace, tenantId: string, requestId: string, foldedTerms: readonly string[]): Promise<Searched> {
  let [cleared, waiting, after] = [0, 0, ''];
  for (;;) {
    const page = await database.forTenant(tenantId, (tx) => tx.rows<SealedRow>(read, [tenantId, after]));
    const meant: SealedRow[] = [];
    for (const row of page) {
      for (const sealed of row.sealed) {
        if (sealed !== null && !meant.includes(row) && mentions(textIn(await keys.unseal(tenantId, purpose, row.id, sealed)), foldedTerms)) meant.push(row);
      }
    }
    waiting += meant.filter((row) => !row.ready).length;
    if (meant.length > 0) {
      cleared += await database.forTenant(tenantId, async (tx) => {
        const ids = (await tx.rows<{ id: string }>(shred, [tenantId, meant.map((row) => row.id)])).map((row) => row.id);
        await insertFindings(tx, tenantId, requestId, ids.map((row_id) => ({ place: table, row_id, action: 'shredded' })));
        return ids.length;
      });
    }
    const last = page.at(-1);
    if (last === undefined) return { cleared, waiting };
    after = last.id;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
