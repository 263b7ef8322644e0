import { createHash } from 'node:crypto';
import { canonicalText } from '../transparency/canonical.ts';
import { ArchiveError, encodeArchive } from './archive.ts';
import { IN_TOTO_PAYLOAD, envelopeOf, preAuthEncoding } from './dsse.ts';
import { STATEMENT_FILE, STATEMENT_TYPE } from './statement.ts';
import type { EvidenceStatement, PackagePredicate, RunPredicate } from './statement.ts';

export interface EvidenceSigner {
  readonly kid: string;
  /** Ed25519, 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface SealedEvidence {
  readonly archive: Uint8Array;
  /** SHA-256 of the archive, hex. */
  readonly sha256: string;
  readonly statementSha256: string;
  readonly kid: string;
}

/** Makes the statement over `files`, has it signed and puts all of them into an archive: the same in the plane that runs and in the one that shows. */
export async function sealEvidence(files: ReadonlyMap<string, Uint8Array>, predicateType: string, predicate: RunPredicate | PackagePredicate, signer: EvidenceSigner): Promise<SealedEvidence> {
  const statement: EvidenceStatement = { _type: STATEMENT_TYPE, predicateType, subject: subjectsOf(files), predicate };
  const payload = Buffer.from(textOf(statement));
  const signature = await signer.sign(preAuthEncoding(IN_TOTO_PAYLOAD, payload));
  const envelope = Buffer.from(textOf(envelopeOf(IN_TOTO_PAYLOAD, payload, [{ keyid: signer.kid, signature }])));
  const archive = encodeArchive(new Map([...files, [STATEMENT_FILE, envelope]]));
  return { archive, sha256: sha256Hex(archive), statementSha256: sha256Hex(payload), kid: signer.kid };
}

function subjectsOf(files: ReadonlyMap<string, Uint8Array>): EvidenceStatement['subject'] {
  return [...files].map(([name, bytes]) => ({ name, digest: { sha256: sha256Hex(bytes) } })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function textOf(value: unknown): string {
  const text = canonicalText(value);
  if (text === undefined) throw new ArchiveError('archive_statement_invalid', STATEMENT_FILE, 'The predicate holds what JSON cannot say: half of a surrogate pair, or an integer beyond 2^53.');
  return text;
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
