import { hash } from 'node:crypto';
import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { ChainLink } from '@countersign/contracts/events/audit-event.ts';
import { CHECKPOINT_FILE, PROOFS_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { EventProofs, ProvenChain, Redactions } from '@countersign/contracts/evidence/statement.ts';
import { canonicalText } from '../canonical-json/canonicalize.ts';
import type { Transaction } from '../postgres/database.ts';
import { readCoveringNote, readEventsById, readEventsOfRun } from './repository-shown-events.ts';
import type { CoveringNote, SealedEventRow } from './repository-shown-events.ts';
import { inclusionProofs } from './tree-reader.ts';

/** Audit events as evidence shows them: each as a file, with the proof that it is in the tree that a checkpoint signs. */
export interface ShownEvents {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Events whose bodies ended with their retention: they are proven by digest. */
  readonly withheld: Redactions['withheld'];
  readonly chain: ProvenChain;
}

export type WhichEvents = { readonly runId: string } | { readonly eventIds: readonly string[] };

/** A whole run may have written more than one document may hold. */
const MAX_PROOFS_BYTES = 64 * 1024 * 1024;

/**
 * The events with their proofs, in this transaction's view. Undefined while they are not all sealed and covered by a checkpoint that can be shown:
 * ask again; `null` where there are none.
 */
export async function showEvents(tx: Transaction, tenantId: string, workspaceId: string, which: WhichEvents): Promise<ShownEvents | undefined | null> {
  const chain = chainOf(tenantId, workspaceId);
  const rows = 'runId' in which ? await readEventsOfRun(tx, tenantId, chain, which.runId) : await readEventsById(tx, tenantId, chain, which.eventIds);
  const expected = 'runId' in which ? rows.length : new Set(which.eventIds).size;
  if (expected === 0) return null;
  const sealed = rows.filter(isSealed);
  const last = sealed.at(-1);
  if (last === undefined || sealed.length < expected) return undefined;
  const note = await readCoveringNote(tx, tenantId, chain, last.seq);
  if (note === undefined) return undefined;
  const proofs = await inclusionProofs(tx, tenantId, chain, sealed.map(({ seq }) => seq), note.seq);
  const list: EventProofs = {
    tree_size: note.seq,
    proofs: sealed.map(({ seq, line }, at) => ({ seq, prev_hash: linkOf(line).prev_hash, hashes: (proofs[at]?.hashes ?? []).map((one) => Buffer.from(one).toString('hex')) })),
  };
  return {
    files: new Map<string, Uint8Array>([
      ...sealed.flatMap(({ seq, body }): Array<[string, Uint8Array]> => (body === null ? [] : [[pathOf(seq), Buffer.from(body)]])),
      [PROOFS_FILE, Buffer.from(canonicalText(list, MAX_PROOFS_BYTES))],
      [CHECKPOINT_FILE, Buffer.from(wholeNote(note))],
    ]),
    withheld: sealed.flatMap(({ seq, line, body }) => (body === null ? [{ path: pathOf(seq), sha256: linkOf(line).body_sha256, reason: 'Its retention has ended.' }] : [])),
    chain: { id: chain, tree_size: note.seq, checkpoint_sha256: hash('sha256', note.body, 'hex'), events: sealed.length, first_seq: sealed[0]?.seq ?? last.seq, last_seq: last.seq },
  };
}

function isSealed(row: SealedEventRow): row is SealedEventRow & { readonly seq: number; readonly line: string } {
  return row.seq !== null && row.line !== null;
}

function linkOf(line: string): ChainLink {
  return JSON.parse(line) as ChainLink;
}

/** With the lines of witnesses behind it. */
function wholeNote({ note, cosignatures }: CoveringNote): string {
  return `${note}${cosignatures.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('')}`;
}

function pathOf(seq: number): string {
  return `events/${seq}.json`;
}
