import { createHash } from 'node:crypto';
import { canonicalText } from '../transparency/canonical.ts';
import { ArchiveError, encodeArchive } from './archive.ts';
import { IN_TOTO_PAYLOAD, envelopeOf, preAuthEncoding } from './dsse.ts';
import { REDACTIONS_FILE, STATEMENT_FILE, STATEMENT_TYPE } from './statement.ts';
import type { EvidenceStatement, PackagePredicate, Redactions, RunPredicate } from './statement.ts';

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

export interface EvidenceToSeal {
  readonly predicateType: string;
  readonly predicate: RunPredicate | PackagePredicate;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Files of which only the digest is left: subjects, too, left out from the beginning. */
  readonly withheld?: Redactions['withheld'];
}

/** Makes the statement over the files, has it signed and puts all of it into an archive: the same in the plane that runs and in the one that shows. */
export async function sealEvidence({ predicateType, predicate, files, withheld = [] }: EvidenceToSeal, signer: EvidenceSigner): Promise<SealedEvidence> {
  const statement: EvidenceStatement = { _type: STATEMENT_TYPE, predicateType, subject: subjectsOf(files, withheld), predicate };
  const payload = Buffer.from(textOf(statement));
  const signature = await signer.sign(preAuthEncoding(IN_TOTO_PAYLOAD, payload));
  const whole = new Map([...files, [STATEMENT_FILE, Buffer.from(textOf(envelopeOf(IN_TOTO_PAYLOAD, payload, [{ keyid: signer.kid, signature }])))]]);
  if (withheld.length > 0) whole.set(REDACTIONS_FILE, Buffer.from(textOf({ withheld: byName(withheld, ({ path }) => path) })));
  const archive = encodeArchive(whole);
  return { archive, sha256: sha256Hex(archive), statementSha256: sha256Hex(payload), kid: signer.kid };
}

function subjectsOf(files: EvidenceToSeal['files'], withheld: Redactions['withheld']): EvidenceStatement['subject'] {
  const subjects = [...[...files].map(([name, bytes]) => ({ name, sha256: sha256Hex(bytes) })), ...withheld.map(({ path, sha256 }) => ({ name: path, sha256 }))];
  return byName(subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })), ({ name }) => name);
}

function byName<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  return items.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function textOf(value: unknown): string {
  const text = canonicalText(value);
  if (text === undefined) throw new ArchiveError('archive_statement_invalid', STATEMENT_FILE, 'The predicate holds what JSON cannot say: half of a surrogate pair, or an integer beyond 2^53.');
  return text;
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
