import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import { COSIGNATURE_V1, parseVerifierKey } from '@countersign/contracts/transparency/note.ts';
import type { VerifierKey } from '@countersign/contracts/transparency/note.ts';
import { EvidenceError } from './errors.ts';
import { verifyEvidence } from './verify.ts';
import type { Verification } from './verification.ts';

/** As they are given on a command line. */
export interface VerifyArguments {
  readonly keys?: string;
  readonly witness?: readonly string[];
  readonly expectTenant?: string;
  readonly members?: string;
  readonly json?: boolean;
}

/** 0: it holds. 1: it does not. 2: something that was given cannot be read. */
export interface Report {
  readonly exitCode: 0 | 1 | 2;
  /** For stdout. */
  readonly data: string;
  /** For stderr. */
  readonly talk: string;
}

/** What there is to say about the evidence in a file: for people, or one JSON object. */
export async function reportOn(file: string, given: VerifyArguments): Promise<Report> {
  try {
    const bytes = await read(file);
    const verification = verifyEvidence(bytes, {
      trustedKeys: given.keys === undefined ? null : await readKeys(given.keys),
      witnesses: (given.witness ?? []).map(readWitness),
      expectTenant: given.expectTenant ?? null,
      ...(given.members === undefined ? {} : { memberOf: memberIn(given.members) }),
    });
    return { exitCode: 0, talk: '', data: given.json === true ? `${JSON.stringify(verification)}\n` : inWords(verification) };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const { code, file: wrong, message } = error;
    const isUnreadable = code === 'file_unreadable' || code === 'keys_file_invalid';
    const exitCode = isUnreadable ? 2 : 1;
    if (given.json === true) return { exitCode, talk: '', data: `${JSON.stringify({ verified: false, code, file: wrong, message })}\n` };
    return { exitCode, data: '', talk: isUnreadable ? message : `NOT VERIFIED. ${message}\n  file: ${wrong}\n  code: ${code}` };
  }
}

function inWords({ kind, run_id, evidence_id, built_at, withheld, proofs, not_proven }: Verification): string {
  const what = run_id === null ? `package ${evidence_id} (${kind})` : `${evidence_id} of run ${run_id}`;
  return [
    `VERIFIED${withheld.length === 0 ? '' : `, ${withheld.length} files withheld`}. Evidence ${what}, built ${built_at}.`, '',
    'What it proves', ...proofs.map((proof) => `  + ${proof.proves}`), '',
    ...(withheld.length === 0 ? [] : ['What was withheld, by whoever gave it to you (the reasons are theirs, and signed by nobody)', ...withheld.map(({ path: left, sha256, reason }) => `  = ${left}  sha256:${sha256}  ${oneLine(reason)}`), '']),
    'What it does not prove', ...not_proven.map((line) => `  - ${line}`), '',
  ].join('\n');
}

/** What nobody signed may not look like something that we say. */
function oneLine(text: string): string {
  return JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200));
}

async function read(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: Error) => {
    throw new EvidenceError('file_unreadable', file, `${file} cannot be read: ${cause.message}`, { cause });
  });
}

function memberIn(folder: string): (runId: string) => Uint8Array | undefined {
  return (runId) => {
    const file = path.join(folder, `${path.basename(runId)}.evidence.zip`);
    try {
      return readFileSync(file);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new EvidenceError('file_unreadable', file, `${file} cannot be read: ${(cause as Error).message}`, { cause });
    }
  };
}

function readWitness(text: string): VerifierKey {
  const key = parseVerifierKey(text);
  if (key?.type !== COSIGNATURE_V1) throw new EvidenceError('keys_file_invalid', '--witness', `${JSON.stringify(text)} is not the verifier key of a witness, as it prints it: <name>+<8 hexadecimal digits>+<base64>.`);
  return key;
}

async function readKeys(file: string): Promise<EvidenceKeys> {
  const invalid = (cause?: unknown): never => {
    throw new EvidenceError('keys_file_invalid', file, `${file} is not a key set. Save one with: countersign keys > ${file}`, { cause });
  };
  try {
    const set = JSON.parse(Buffer.from(await read(file)).toString('utf8')) as EvidenceKeys;
    return Array.isArray(set.keys) && set.keys.every((key) => typeof key.kid === 'string' && typeof key.public_jwk === 'object') ? set : invalid();
  } catch (cause) {
    return invalid(cause);
  }
}
