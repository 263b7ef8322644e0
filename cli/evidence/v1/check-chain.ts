import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceChainLine, EvidenceCheckpoint, EvidenceKeys, EvidenceManifest } from '@countersign/contracts/evidence/bundle.ts';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent, CheckpointBody } from '@countersign/contracts/events/audit-event.ts';
import { requireSignature } from '../keys.ts';
import { EvidenceError } from '../errors.ts';
import { canonicalOf, parseCanonical, readCanonical, readText, sha256Hex } from '../read.ts';
import type { Proof } from '../verification.ts';

const FILE = 'audit.jsonl';

/** The run's events stand in an unbroken chain, and a signed checkpoint ends it. */
export function checkChain(files: ArchiveFiles, manifest: EvidenceManifest, trusted: EvidenceKeys | null): Proof[] {
  const lines = chainLines(files);
  const head = followLinks(lines);
  const { first_seq, last_seq, checkpoint_seq, id } = manifest.chain;
  if (lines[0]!.seq !== first_seq || lines.at(-1)!.seq !== last_seq) {
    throw new EvidenceError('chain_broken', FILE, `${FILE} shows events ${lines[0]!.seq} to ${lines.at(-1)!.seq}; the manifest says ${first_seq} to ${last_seq}.`);
  }
  const checkpoint = readCanonical<EvidenceCheckpoint>(files, 'checkpoint.json');
  const body = checkpoint.body as CheckpointBody;
  requireSignature({ files, trusted, kid: checkpoint.kid, purpose: 'checkpoint', file: 'checkpoint.json', signed: Buffer.from(canonicalOf(body, 'checkpoint.json')), signedAt: body.signed_at, signature: checkpoint.signature });
  if (body.chain !== id || body.seq !== last_seq || body.seq !== checkpoint_seq || body.hash !== head) {
    throw new EvidenceError('checkpoint_mismatch', 'checkpoint.json', 'checkpoint.json does not sign the head of the chain in audit.jsonl.');
  }
  const own = ownEvents(files, manifest).length;
  return [
    { check: 'chain', proves: `The run's ${own} audit events stand in an unbroken chain, events ${first_seq} to ${last_seq} of ${id}.` },
    { check: 'checkpoint', proves: `The chain ends in a checkpoint signed at ${body.signed_at} by the key ${checkpoint.kid}.` },
  ];
}

/** The run's own events, in order. Refuses a body that belongs to another run or tenant. */
export function ownEvents(files: ArchiveFiles, manifest: EvidenceManifest): AuditEvent[] {
  return chainLines(files).flatMap((line) => {
    if (line.body === undefined) return [];
    const event = line.body as AuditEvent;
    if (event.run_id !== manifest.run_id || event.tenant_id !== manifest.tenant_id || event.workspace_id !== manifest.workspace_id) {
      throw new EvidenceError('record_inconsistent', FILE, `Event ${line.seq} in ${FILE} is not of run ${manifest.run_id}.`);
    }
    return [event];
  });
}

function chainLines(files: ArchiveFiles): EvidenceChainLine[] {
  const text = readText(files, FILE);
  if (!text.endsWith('\n')) throw new EvidenceError('chain_broken', FILE, `${FILE} ends in the middle of a line.`);
  return text.slice(0, -1).split('\n').map((line) => parseCanonical<EvidenceChainLine>(line, FILE));
}

/** Recomputes every hash from bytes; gives the last. */
function followLinks(lines: readonly EvidenceChainLine[]): string {
  let before: { seq: number; hash: string } | undefined;
  for (const line of lines) {
    const { seq, prev_hash, body_sha256 } = line;
    if (before !== undefined && (seq !== before.seq + 1 || prev_hash !== before.hash)) {
      throw new EvidenceError('chain_broken', FILE, `Event ${seq} in ${FILE} does not follow event ${before.seq}: an event was altered, dropped, added or moved.`);
    }
    if (seq === 1 && prev_hash !== FIRST_PREV_HASH) throw new EvidenceError('chain_broken', FILE, `Event 1 in ${FILE} names an event before it.`);
    if (line.body !== undefined && sha256Hex(canonicalOf(line.body, FILE)) !== body_sha256) {
      throw new EvidenceError('chain_broken', FILE, `Event ${seq} in ${FILE} was altered: its digest is not the one in its link.`);
    }
    before = { seq, hash: sha256Hex(canonicalOf({ seq, prev_hash, body_sha256 }, FILE)) };
  }
  return before!.hash;
}
