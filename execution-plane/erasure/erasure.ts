import { folded, mentions, textIn } from '@countersign/contracts/privacy/terms.ts';
import type { PersonTerms } from '@countersign/contracts/privacy/terms.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import { clearMentions } from '@countersign/platform/postgres/text-scan.ts';
import type { TextsCleared } from '@countersign/platform/postgres/text-scan.ts';
import type { Tenants } from '../loops/tenants.ts';
import { EXECUTION_TEXTS } from './places.ts';
import { claimTask, endTask, insertFindings, isPersonHeld, letTaskGo, sealedContents, sealedInputs, shredContents, shredInputs } from './repository-erasure.ts';
import type { SealedRow, TaskRow } from './repository-erasure.ts';

export const ERASURE_EVERY_MS = 3_000;

export interface ErasureOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly keys: Keys;
}

/** A store of sealed texts: what to read, and what takes away those that nobody needs. */
interface SealedPlace {
  readonly table: string;
  readonly columns: readonly string[];
  readonly read: Statement;
  readonly shred: Statement;
}

export const SEALED: readonly SealedPlace[] = [
  { table: 'execution.contents', columns: ['sealed'], read: sealedContents, shred: shredContents },
  { table: 'execution.decisions', columns: ['input_sealed'], read: sealedInputs, shred: shredInputs },
];

/** Looks for a person in everything that the execution plane wrote, because only workers may open content, and takes away what mentions them. */
export class Erasure {
  readonly #options: ErasureOptions;

  constructor(options: ErasureOptions) {
    this.#options = options;
  }

  /** One whole search for one request. It is done when such a search found nothing, and nothing waits for a run to end. */
  async turn(): Promise<boolean> {
    const { database, tenants, keys } = this.#options;
    const task = await database.forTenants(await tenants.ids(), claimTask);
    if (task === undefined) return false;
    const { tenant_id: tenantId, request_id: requestId } = task;
    const person = JSON.parse(Buffer.from(await keys.unseal(tenantId, 'identity', requestId, task.terms_sealed)).toString('utf8')) as PersonTerms;
    const { cleared, waiting } = await this.#search(task, person);
    const done = cleared === 0 && waiting === 0;
    await database.forTenant(tenantId, (tx) => (done ? tx.change(endTask, [tenantId, requestId]) : tx.change(letTaskGo, [tenantId, requestId, waiting])));
    return false;
  }

  async #search(task: TaskRow, person: PersonTerms): Promise<TextsCleared> {
    const { database } = this.#options;
    const terms = person.terms.map(folded);
    const total = { cleared: 0, waiting: 0 };
    const add = (one: TextsCleared): void => {
      total.cleared += one.cleared;
      total.waiting += one.waiting;
    };
    for (const part of [...SEALED, ...EXECUTION_TEXTS]) {
      // A hold may be set while this goes on.
      if (await database.forTenant(task.tenant_id, (tx) => isPersonHeld(tx, task.tenant_id, person.principal_id))) return { cleared: total.cleared, waiting: total.waiting + 1 };
      if ('read' in part) add(await this.#searchSealed(part, task, terms));
      else {
        add(await clearMentions((work) => database.forTenant(task.tenant_id, work), part, task.tenant_id, (text) => mentions(text, terms), async (tx, keys) => {
          await tx.change(insertFindings, [task.tenant_id, task.request_id, part.table, keys]);
        }));
      }
    }
    return total;
  }

  async #searchSealed({ table, read, shred }: SealedPlace, { tenant_id: tenantId, request_id: requestId }: TaskRow, terms: readonly string[]): Promise<TextsCleared> {
    const { database, keys } = this.#options;
    let [cleared, waiting, after] = [0, 0, ''];
    for (;;) {
      const page = await database.forTenant(tenantId, (tx) => tx.rows<SealedRow>(read, [tenantId, after]));
      const meant: string[] = [];
      for (const { id, sealed } of page) {
        if (mentions(textIn(await keys.unseal(tenantId, 'content', id, sealed)), terms)) meant.push(id);
      }
      if (meant.length > 0) {
        const gone = await database.forTenant(tenantId, async (tx) => {
          const ids = (await tx.rows<{ id: string }>(shred, [tenantId, meant])).map((row) => row.id);
          await tx.change(insertFindings, [tenantId, requestId, table, ids]);
          return ids.length;
        });
        cleared += gone;
        waiting += meant.length - gone;
      }
      const last = page.at(-1);
      if (last === undefined) return { cleared, waiting };
      after = last.id;
    }
  }
}
