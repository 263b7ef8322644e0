import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { EvidenceError } from '../evidence/errors.ts';
import { verifyEvidence } from '../evidence/verify.ts';
import type { Verification } from '../evidence/verify.ts';
import { printJson, say } from '../output.ts';

/** `countersign evidence verify|get`. Verifying needs no server. */
export function evidenceCommand(): Command {
  const evidence = new Command('evidence').description('Download and verify evidence bundles');
  evidence.command('verify').argument('<file>', 'the bundle (.zip)')
    .description('Verify a bundle offline; exit code 0 when it holds, 1 when it does not, 2 when it cannot be read')
    .option('--keys <file>', 'the key set you trust, as `countersign keys` prints it')
    .option('--json', 'print one JSON object')
    .action(verifyFile);
  evidence.command('get').argument('<run>', 'the run id').description('Download the bundle of a finished run')
    .option('-o, --output <file>', 'where to write it (default: <run>.evidence.zip)')
    .action(async (run: string, options: { output?: string }) => {
      const file = options.output ?? `${run}.evidence.zip`;
      const bundle = await new ApiClient(readConfig()).evidence(run);
      await writeFile(file, bundle).catch((cause: Error) => {
        throw new CliError('input_invalid', `${file} cannot be written: ${cause.message}`, { cause });
      });
      say(`${file} written. Verify it with: countersign evidence verify ${file}`);
    });
  return evidence;
}

async function verifyFile(file: string, options: { keys?: string; json?: boolean }): Promise<void> {
  try {
    const bytes = await read(file);
    const trustedKeys = options.keys === undefined ? null : await readKeys(options.keys);
    report(verifyEvidence(bytes, { trustedKeys }), options.json === true);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const unreadable = error.code === 'file_unreadable' || error.code === 'keys_file_invalid';
    process.exitCode = unreadable ? 2 : 1;
    if (options.json === true) printJson({ verified: false, code: error.code, file: error.file, message: error.message });
    else say(unreadable ? error.message : `NOT VERIFIED. ${error.message}\n  file: ${error.file}\n  code: ${error.code}`);
  }
}

function report(verification: Verification, json: boolean): void {
  const { manifest, proofs, not_proven } = verification;
  if (json) {
    printJson({ verified: true, run_id: manifest.run_id, evidence_id: manifest.evidence_id, tenant_id: manifest.tenant_id, proofs, not_proven });
    return;
  }
  process.stdout.write([
    `VERIFIED. Evidence ${manifest.evidence_id} of run ${manifest.run_id}, built ${manifest.built_at}.`, '',
    'What it proves', ...proofs.map((proof) => `  + ${proof.proves}`), '',
    'What it does not prove', ...not_proven.map((line) => `  - ${line}`), '',
  ].join('\n'));
}

async function read(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: Error) => {
    throw new EvidenceError('file_unreadable', file, `${file} cannot be read: ${cause.message}`, { cause });
  });
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
