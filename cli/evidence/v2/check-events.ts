import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { PROOFS_FILE, STATEMENT_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { EventProof, EventProofs, EvidenceClaims, ProvenChain } from '@countersign/contracts/evidence/statement.ts';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { leafHash, verifyInclusion } from '@countersign/contracts/transparency/merkle.ts';
import { EvidenceError } from '../errors.ts';
import { canonicalOf, readCanonical, sha256Hex } from '../read.ts';
import type { Proof, VerifyOptions } from '../verification.ts';
import { checkCheckpoint } from './check-checkpoint.ts';
import type { Subjects } from './check-subjects.ts';

export interface ProvenEvents {
  /** Those that are shown, in the order of the chain. */
  readonly events: readonly AuditEvent[];
  /** How many are proven and not shown. */
  readonly withheld: number;
  readonly cosignedBy: readonly string[];
  readonly proofs: readonly Proof[];
}

const EVENT_FILE = /^events\/([1-9]\d{0,15})\.json$/;

/** Every event is a leaf of the tree whose root is signed: its bytes lead to its link, the link to its leaf, the leaf to the root. */
export function checkEvents(files: ArchiveFiles, claims: EvidenceClaims, subjects: Subjects, options: VerifyOptions): ProvenEvents {
  const seqs = [...subjects.digests.keys()].flatMap((path) => EVENT_FILE.exec(path)?.[1] ?? []).map(Number).sort((a, b) => a - b);
  const { chain } = claims;
  if (chain === null) return noEvents(seqs, options);
  if (chain.id !== `${claims.tenant_id}/${claims.workspace_id}`) throw new EvidenceError('record_inconsistent', STATEMENT_FILE, 'The chain that the statement names is not that of its tenant and workspace.');
  const { checkpoint, cosignedBy, proofs } = checkCheckpoint(files, chain, options);
  const list = readProofs(files, chain, seqs);
  let before: { seq: number; hash: string } | undefined;
  for (const proof of list) {
    const line = lineOf(proof, subjects);
    requireLinked(proof, before);
    requireIncluded(proof, line, checkpoint.size, checkpoint.root);
    before = { seq: proof.seq, hash: sha256Hex(line) };
  }
  if (before !== undefined && before.seq === checkpoint.size && before.hash !== checkpoint.head) throw new EvidenceError('checkpoint_mismatch', PROOFS_FILE, 'The last event is not the head that the checkpoint names.');
  const events = seqs.filter((seq) => files.has(pathOf(seq))).map((seq) => eventOf(files, claims, seq));
  const withheld = seqs.length - events.length;
  return { events, withheld, cosignedBy, proofs: [...proofs, { check: 'events', proves: provenWords(seqs.length, withheld, chain) }] };
}

function noEvents(seqs: readonly number[], { witnesses = [] }: VerifyOptions): ProvenEvents {
  if (seqs.length > 0) throw new EvidenceError('record_inconsistent', STATEMENT_FILE, 'There are audit events, and the statement names no chain that they are of.');
  if (witnesses.length > 0) throw new EvidenceError('witness_missing', STATEMENT_FILE, 'The evidence shows no checkpoint that a witness could have cosigned.');
  return { events: [], withheld: 0, cosignedBy: [], proofs: [] };
}

function readProofs(files: ArchiveFiles, chain: ProvenChain, seqs: readonly number[]): readonly EventProof[] {
  const { tree_size, proofs } = readCanonical<EventProofs>(files, PROOFS_FILE);
  const areOfTheEvents = Array.isArray(proofs) && proofs.length === seqs.length && proofs.every((proof, index) => proof.seq === seqs[index] && Array.isArray(proof.hashes));
  if (!areOfTheEvents || tree_size !== chain.tree_size) throw new EvidenceError('event_not_proven', PROOFS_FILE, `${PROOFS_FILE} does not prove exactly the events that are subjects of the statement.`);
  if (seqs.length !== chain.events || seqs[0] !== chain.first_seq || seqs.at(-1) !== chain.last_seq) {
    throw new EvidenceError('event_not_proven', STATEMENT_FILE, `The statement speaks of ${chain.events} events, ${chain.first_seq} to ${chain.last_seq}, and names others.`);
  }
  return proofs;
}

/** The link, rebuilt: an event that was left out has its digest in the statement. */
function lineOf({ seq, prev_hash }: EventProof, { digests }: Subjects): string {
  return canonicalOf({ seq, prev_hash, body_sha256: digests.get(pathOf(seq)) }, PROOFS_FILE);
}

function requireLinked({ seq, prev_hash }: EventProof, before: { seq: number; hash: string } | undefined): void {
  const follows = before?.seq === seq - 1 ? prev_hash === before.hash : seq !== 1 || prev_hash === FIRST_PREV_HASH;
  if (!follows) throw new EvidenceError('chain_broken', PROOFS_FILE, `Event ${seq} does not follow the event before it.`);
}

function requireIncluded({ seq, hashes }: EventProof, line: string, treeSize: number, root: Uint8Array): void {
  const path = hashes.map((hash) => (/^[0-9a-f]{64}$/.test(hash) ? Buffer.from(hash, 'hex') : Buffer.alloc(0)));
  if (!verifyInclusion({ leafIndex: seq - 1, treeSize, hashes: path }, leafHash(line), root)) {
    throw new EvidenceError('event_not_proven', pathOf(seq), `Event ${seq} is not in the tree that the checkpoint signs: it was altered, or is of another chain.`);
  }
}

function eventOf(files: ArchiveFiles, { tenant_id, workspace_id }: EvidenceClaims, seq: number): AuditEvent {
  const event = readCanonical<AuditEvent>(files, pathOf(seq));
  if (event.tenant_id !== tenant_id || event.workspace_id !== workspace_id) throw new EvidenceError('record_inconsistent', pathOf(seq), `Event ${seq} is not of the tenant and workspace that the statement names.`);
  return event;
}

function pathOf(seq: number): string {
  return `events/${seq}.json`;
}

function provenWords(count: number, withheld: number, chain: ProvenChain): string {
  const left = withheld === 0 ? '' : `, ${withheld} of them without being shown,`;
  return `${count} audit events, ${chain.first_seq} to ${chain.last_seq},${left} are in the tree over ${chain.id} that the checkpoint signs.`;
}
