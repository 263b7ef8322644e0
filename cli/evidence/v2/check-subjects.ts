import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import { NEVER_WITHHELD, REDACTIONS_FILE, STATEMENT_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { EvidenceStatement, Redactions } from '@countersign/contracts/evidence/statement.ts';
import { EvidenceError } from '../errors.ts';
import { readCanonical, sha256Hex } from '../read.ts';
import type { Proof, Withheld } from '../verification.ts';

export interface Subjects {
  /** SHA-256, hex, of every file that was signed, by path. */
  readonly digests: ReadonlyMap<string, string>;
  readonly withheld: readonly Withheld[];
  readonly proof: Proof;
}

/** Every file is the one that the statement names, there is no other, and what is missing was left out openly. */
export function checkSubjects(files: ArchiveFiles, statement: EvidenceStatement): Subjects {
  const digests = digestsOf(statement);
  const withheld = readRedactions(files, digests);
  const leftOut = new Set(withheld.map(({ path }) => path));
  for (const [path, sha256] of digests) {
    const bytes = files.get(path);
    if (bytes === undefined && leftOut.has(path)) continue;
    if (bytes === undefined) throw new EvidenceError('file_missing', path, `${path} is a subject of the statement and missing from the bundle.`);
    if (sha256Hex(bytes) !== sha256) throw new EvidenceError('file_altered', path, `${path} was altered: its SHA-256 is not the one in the statement.`);
    if (path.endsWith('.json')) readCanonical(files, path);
  }
  for (const path of files.keys()) {
    if (!digests.has(path) && path !== STATEMENT_FILE && path !== REDACTIONS_FILE) throw new EvidenceError('file_unexpected', path, `${path} is in the bundle and no subject of the statement.`);
  }
  const proves = withheld.length === 0
    ? `All ${digests.size} files are exactly those that the statement names.`
    : `${digests.size - withheld.length} files are exactly those that the statement names; ${withheld.length} more were left out after it was signed, and are known by their digests.`;
  return { digests, withheld, proof: { check: 'files', proves } };
}

function digestsOf({ subject }: EvidenceStatement): Map<string, string> {
  const digests = new Map<string, string>();
  let before = '';
  for (const { name, digest } of subject) {
    const isNext = typeof name === 'string' && name > before && name !== STATEMENT_FILE && name !== REDACTIONS_FILE;
    if (!isNext || typeof digest?.sha256 !== 'string') throw new EvidenceError('file_invalid', STATEMENT_FILE, 'The subjects of the statement are not files in the order of their names.');
    digests.set(name, digest.sha256);
    before = name;
  }
  return digests;
}

function readRedactions(files: ArchiveFiles, digests: ReadonlyMap<string, string>): readonly Withheld[] {
  if (!files.has(REDACTIONS_FILE)) return [];
  const { withheld, ...more } = readCanonical<Redactions>(files, REDACTIONS_FILE);
  const isList = Array.isArray(withheld) && withheld.length > 0 && Object.keys(more).length === 0;
  if (!isList) throw new EvidenceError('redaction_invalid', REDACTIONS_FILE, `${REDACTIONS_FILE} names no file that was left out.`);
  let before = '';
  for (const entry of withheld) {
    const isOne = Object.keys(entry).length === 3 && typeof entry.reason === 'string' && entry.path > before;
    if (!isOne || digests.get(entry.path) !== entry.sha256 || files.has(entry.path) || NEVER_WITHHELD.has(entry.path)) {
      throw new EvidenceError('redaction_invalid', REDACTIONS_FILE, `${REDACTIONS_FILE} says that ${JSON.stringify(entry.path)} was left out: it may not be, was not, or never was a file of the statement.`);
    }
    before = entry.path;
  }
  return withheld;
}
