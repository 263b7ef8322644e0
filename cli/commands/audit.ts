import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { AuditVerification } from '@countersign/contracts/transparency/verify-audit.ts';
import { ApiClient } from '../api-client.ts';
import { exportAudit } from '../audit/export.ts';
import { verifyExport } from '../audit/verify.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, say } from '../output.ts';
import { addAuditPlaces } from './audit-places.ts';

interface VerifyOptions {
  readonly server?: boolean;
  readonly keys?: string;
  readonly witness: string[];
  readonly expect?: string;
  readonly chain?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** `countersign audit export|verify|events|sinks|witnesses`. Verifying an export needs no server. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('Search the audit, export it, verify it, send it on, and have it cosigned');
  audit.command('export').requiredOption('-o, --output <folder>', 'a folder that is not there yet')
    .description("Write the workspace's events, checkpoints and keys into a folder")
    .option('--json', 'print what was written')
    .action(async ({ output, json }: { output: string; json?: boolean }) => {
      const checkpoints = await exportAudit(new ApiClient(readConfig()), output);
      if (json === true) return printJson({ folder: output, checkpoints });
      say(`${output} written, with ${checkpoints} checkpoints. Verify it with: countersign audit verify ${output}`);
    });
  audit.command('verify').argument('[export]', 'the folder of an export, or its events.jsonl alone')
    .description('Compute an audit anew, from its bytes; exit code 0 when it is proven, 1 when it is refuted, 2 when it cannot be read, 3 with --strict when events stand behind the newest checkpoint')
    .option('--server', 'have the server verify itself, instead of an export')
    .option('--keys <file>', 'the key set you trust, as `countersign keys` prints it')
    .option('--witness <key>', 'the verifier key of a witness; may be repeated', (key: string, before: string[]) => [...before, key], [])
    .option('--expect <file>', 'a checkpoint that you kept: the chain must go on from exactly this')
    .option('--chain <id>', 'the chain it must be: <tenant>/<workspace>')
    .option('--strict', 'exit code 3 when events stand behind the newest checkpoint')
    .option('--json', 'print one JSON object')
    .action(verify);
  addAuditPlaces(audit);
  return audit;
}

async function verify(place: string | undefined, options: VerifyOptions): Promise<void> {
  const found = options.server === true ? await verifyOnServer(options) : await verifyExport(placeOf(place), options);
  if (options.json === true) printJson(found);
  else report(found);
  if (!found.verified) process.exitCode = 1;
  else if (options.strict === true && found.not_proven.some((one) => one.includes('behind the newest checkpoint'))) process.exitCode = 3;
}

function placeOf(place: string | undefined): string {
  if (place === undefined) throw new CliError('input_invalid', 'Name the folder of an export, or use --server.');
  return place;
}

async function verifyOnServer({ expect }: VerifyOptions): Promise<AuditVerification> {
  const expected = expect === undefined ? undefined : await readFile(expect, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${expect} cannot be read: ${cause.message}`, { cause });
  });
  return new ApiClient(readConfig()).verifyAudit(expected);
}

function report(found: AuditVerification): void {
  process.stdout.write(`${found.verified ? 'PROVEN' : 'REFUTED'}  ${found.chain}: ${found.events} events, ${found.checkpoints} checkpoints\n`);
  process.stdout.write(`head ${found.head}\nroot ${found.root}\n`);
  for (const [name, size] of Object.entries(found.witnessed)) process.stdout.write(`witness ${name}: up to event ${size}\n`);
  for (const { code, at, message } of found.faults) process.stdout.write(`fault   ${at}: ${message} (${code})\n`);
  for (const text of found.not_proven) process.stdout.write(`not proven: ${text}\n`);
}
