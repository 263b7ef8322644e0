import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { CHECKPOINT_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { ProvenChain } from '@countersign/contracts/evidence/statement.ts';
import { originOfChain, parseCheckpointNote } from '@countersign/contracts/transparency/checkpoint.ts';
import type { Checkpoint } from '@countersign/contracts/transparency/checkpoint.ts';
import { cosignedBy } from '@countersign/contracts/transparency/cosignature.ts';
import { isSignedBy, signaturesOf, verifierKeyOfJwk } from '@countersign/contracts/transparency/note.ts';
import type { SignedNote } from '@countersign/contracts/transparency/note.ts';
import { EvidenceError } from '../errors.ts';
import { keysFor, requireNotCompromised, unknownKey } from '../keys.ts';
import { readText, sha256Hex } from '../read.ts';
import type { Proof, VerifyOptions } from '../verification.ts';

export interface ProvenCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly cosignedBy: readonly string[];
  readonly proofs: readonly Proof[];
}

/** The signed root that the events are proven against, and who else has seen it. */
export function checkCheckpoint(files: ArchiveFiles, chain: ProvenChain, options: VerifyOptions): ProvenCheckpoint {
  const parsed = parseCheckpointNote(Buffer.from(readText(files, CHECKPOINT_FILE)));
  if (parsed === null) throw new EvidenceError('file_invalid', CHECKPOINT_FILE, `${CHECKPOINT_FILE} is not a signed checkpoint.`);
  const { note, checkpoint } = parsed;
  if (checkpoint.origin !== originOfChain(chain.id) || checkpoint.size !== chain.tree_size || sha256Hex(note.text) !== chain.checkpoint_sha256) {
    throw new EvidenceError('checkpoint_mismatch', CHECKPOINT_FILE, `${CHECKPOINT_FILE} is not the checkpoint of ${chain.id} that the statement names.`);
  }
  const seen = seenBy(note, options);
  const kid = requireSigned(files, note, checkpoint, options, earliest(seen.map(({ time }) => time)));
  return {
    checkpoint, cosignedBy: seen.map(({ name }) => name),
    proofs: [
      { check: 'checkpoint', proves: `A checkpoint of ${chain.id} over ${checkpoint.size} events was signed at ${checkpoint.time} by the key ${kid}.` },
      ...seen.map(({ name, time }) => ({ check: 'witness', proves: `The witness ${name} had seen this checkpoint at ${time.toISOString()}, and no other history of the chain before.` })),
    ],
  };
}

function requireSigned(files: ArchiveFiles, note: SignedNote, checkpoint: Checkpoint, { trustedKeys }: VerifyOptions, seenAt: Date | null): string {
  for (const key of keysFor(files, trustedKeys, 'checkpoint')) {
    const verifier = verifierKeyOfJwk(checkpoint.origin, key.public_jwk);
    if (verifier === null || signaturesOf(note, verifier).length === 0) continue;
    if (!isSignedBy(note, verifier)) throw new EvidenceError('signature_invalid', CHECKPOINT_FILE, `The signature in ${CHECKPOINT_FILE} does not hold.`);
    requireNotCompromised(key, CHECKPOINT_FILE, checkpoint.time, seenAt);
    return key.kid;
  }
  throw unknownKey(CHECKPOINT_FILE, 'a key', 'checkpoint', trustedKeys);
}

function seenBy(note: SignedNote, { witnesses = [] }: VerifyOptions): Array<{ readonly name: string; readonly time: Date }> {
  return witnesses.map((witness) => {
    const cosignature = cosignedBy(note, witness);
    if (cosignature === null) throw new EvidenceError('witness_missing', CHECKPOINT_FILE, `${CHECKPOINT_FILE} is not cosigned by the witness ${witness.name}.`);
    return cosignature;
  });
}

function earliest(times: readonly Date[]): Date | null {
  return times.length === 0 ? null : new Date(Math.min(...times.map((time) => time.getTime())));
}
