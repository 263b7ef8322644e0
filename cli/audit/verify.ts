import { readFile } from 'node:fs/promises';
import { parseVerifierKey } from '@countersign/contracts/transparency/note.ts';
import type { VerifierKey } from '@countersign/contracts/transparency/note.ts';
import { verifyAudit } from '@countersign/contracts/transparency/verify-audit.ts';
import type { AuditVerification } from '@countersign/contracts/transparency/verify-audit.ts';
import { CliError } from '../errors.ts';
import { chainIn, linesOf, openExport } from './export-folder.ts';

export interface VerifyAuditOptions {
  readonly keys?: string;
  readonly witness: readonly string[];
  readonly expect?: string;
  readonly chain?: string;
}

/** Computes an exported audit anew. Needs no server. @throws CliError `input_invalid` for what cannot be read */
export async function verifyExport(place: string, options: VerifyAuditOptions): Promise<AuditVerification> {
  const folder = await openExport(place, options.keys);
  const chain = options.chain ?? await chainIn(folder);
  if (chain === null) throw new CliError('input_invalid', `${place} does not say which chain it is. Name it: --chain <tenant>/<workspace>.`);
  const expected = options.expect === undefined ? undefined : await readFile(options.expect, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${options.expect} cannot be read: ${cause.message}`, { cause });
  });
  const found = await verifyAudit(linesOf(folder.events), folder.notes, { chain, keys: folder.keys, witnesses: options.witness.map(witnessKey), ...(expected === undefined ? {} : { expected }) });
  return { ...found, not_proven: [...found.not_proven, ...assumed(options, folder.notes.length)] };
}

/** What of the verification rests on the export itself. */
function assumed({ keys, chain }: VerifyAuditOptions, notes: number): string[] {
  return [
    ...(notes === 0 ? ['No checkpoints are there: whoever wrote the file can have computed every link of it.'] : []),
    ...(keys === undefined && notes > 0 ? ['The keys are those of the export itself: name the ones that you trust (--keys).'] : []),
    ...(chain === undefined ? ['Which tenant and workspace this should be was not said (--chain).'] : []),
  ];
}

function witnessKey(text: string): VerifierKey {
  const key = parseVerifierKey(text);
  if (key === null) throw new CliError('input_invalid', `${text} is not the verifier key of a witness: <name>+<key id>+<base64>.`);
  return key;
}
