import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import { parseVerifierKey } from '@countersign/contracts/transparency/note.ts';
import type { VerifierKey } from '@countersign/contracts/transparency/note.ts';
import { verifyAudit } from '@countersign/contracts/transparency/verify-audit.ts';
import type { AuditVerification } from '@countersign/contracts/transparency/verify-audit.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { wholeNote } from './audit-api.ts';
import { readCheckpointKeys, readExport, readHeadSize, readNotes } from './repository-reading.ts';

export interface VerificationParts {
  readonly database: Database;
  /** Verifier keys of those who countersign the tenant's checkpoints. */
  readonly witnessesOf: (tenantId: string) => Promise<readonly string[]>;
}

/** Small enough that between two pages other requests are answered. */
const PAGE_ROWS = 500;

/** The server computes a chain anew. One at a time: it is work for one core, and nobody is in a hurry. */
export class Verification {
  readonly #parts: VerificationParts;
  #before: Promise<unknown> = Promise.resolve();

  constructor(parts: VerificationParts) {
    this.#parts = parts;
  }

  async verifyAudit({ principal, body, signal }: Call<'verifyAudit'>): Promise<Answer<'verifyAudit'>> {
    const turn = this.#before.then(() => verifyStored(this.#parts, principal.tenantId, chainOf(principal.tenantId, principal.workspaceId), body.expected_checkpoint, signal));
    this.#before = turn.catch(() => undefined);
    const found = await turn;
    return { status: 200, body: { ...found, witnessed: { ...found.witnessed }, faults: [...found.faults], not_proven: [...found.not_proven] } };
  }
}

/** Computes a chain anew from what is stored, with all that was signed about it. @throws what `signal` was aborted with */
export async function verifyStored({ database, witnessesOf }: VerificationParts, tenantId: string, chain: string, expected: string | undefined, signal: AbortSignal): Promise<AuditVerification> {
  // What is there now: what is sealed meanwhile is the next verification's.
  const size = await database.forTenant(tenantId, (tx) => readHeadSize(tx, tenantId, chain));
  const keys = await database.forTenant(tenantId, (tx) => readCheckpointKeys(tx, tenantId));
  const witnesses = (await witnessesOf(tenantId)).map(parseVerifierKey).filter((key): key is VerifierKey => key !== null);
  return verifyAudit(linesOf(database, tenantId, chain, size, signal), await notesOf(database, tenantId, chain, size), { chain, keys, witnesses, ...(expected === undefined ? {} : { expected }) });
}

async function* linesOf(database: Database, tenantId: string, chain: string, size: number, signal: AbortSignal): AsyncIterable<string> {
  for (let after = 0; after < size;) {
    signal.throwIfAborted();
    const rows = await database.forTenant(tenantId, (tx) => readExport(tx, tenantId, chain, after, size, PAGE_ROWS));
    const last = rows.at(-1);
    if (last === undefined) return;
    for (const { text } of rows) yield text;
    after = last.seq;
  }
}

async function notesOf(database: Database, tenantId: string, chain: string, size: number): Promise<string[]> {
  const notes: string[] = [];
  for (let after = 0, more = true; more;) {
    const rows = await database.forTenant(tenantId, (tx) => readNotes(tx, tenantId, chain, after, size, PAGE_ROWS));
    notes.push(...rows.map((row) => wholeNote(row) ?? ''));
    after = Number(rows.at(-1)?.number ?? 0);
    more = rows.length === PAGE_ROWS;
  }
  return notes;
}
