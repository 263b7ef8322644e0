import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { EvidenceError } from '../evidence/errors.ts';
import { redactEvidence } from '../evidence/redact.ts';
import { reportOn } from '../evidence/report.ts';
import type { VerifyArguments } from '../evidence/report.ts';
import { printJson, say } from '../output.ts';
import { writeBytes } from '../write-bytes.ts';
import { evidencePackageCommand } from './evidence-package.ts';

/** `countersign evidence verify|redact|get|package`. Verifying and redacting need no server. */
export function evidenceCommand(): Command {
  const evidence = new Command('evidence').description('Download, verify and redact evidence');
  evidence.command('verify').argument('<file>', 'the evidence of a run, or a package (.zip)')
    .description('Verify evidence offline; exit code 0 when it holds, 1 when it does not, 2 when it cannot be read')
    .option('--keys <file>', 'the key set you trust, as `countersign keys` prints it')
    .option('--witness <key>', 'the verifier key of a witness that must have cosigned; may be repeated', (key: string, before: string[]) => [...before, key], [])
    .option('--expect-tenant <id>', 'the tenant that it must be of')
    .option('--members <folder>', "where the runs' evidence lies that a package names and does not hold, as <run>.evidence.zip")
    .option('--json', 'print one JSON object')
    .action(verifyFile);
  evidence.command('redact').argument('<file>', 'the evidence (.zip)')
    .description('Leave files out, so that the rest still verifies')
    .requiredOption('--without <paths>', 'the files to leave out, separated by commas, such as events/12.json,actions.json')
    .requiredOption('--reason <text>', 'why, for whoever gets it; nobody signs that')
    .requiredOption('-o, --output <file>', 'where to write it').option('--json', 'print what was written')
    .action(redactFile);
  evidence.command('get').argument('<run>', 'the run id').description('Download the bundle of a finished run')
    .option('-o, --output <file>', 'where to write it (default: <run>.evidence.zip)').option('--json', 'print what was written')
    .action(async (run: string, options: { output?: string; json?: boolean }) => {
      const file = options.output ?? `${run}.evidence.zip`;
      await writeBytes(file, await new ApiClient(readConfig()).evidence(run));
      if (options.json === true) return printJson({ run_id: run, file });
      say(`${file} written. Verify it with: countersign evidence verify ${file}`);
    });
  return evidence.addCommand(evidencePackageCommand());
}

async function verifyFile(file: string, options: VerifyArguments): Promise<void> {
  const { exitCode, data, talk } = await reportOn(file, options);
  process.exitCode = exitCode;
  process.stdout.write(data);
  if (talk !== '') say(talk);
}

async function redactFile(file: string, { without, reason, output, json }: { without: string; reason: string; output: string; json?: boolean }): Promise<void> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new CliError('input_invalid', `${file} cannot be read: ${cause.message}`, { cause });
  });
  try {
    await writeBytes(output, redactEvidence(bytes, without.split(','), reason));
  } catch (error) {
    if (error instanceof EvidenceError) throw new CliError('input_invalid', `${file} was not redacted. ${error.message}`, { cause: error });
    throw error;
  }
  if (json === true) return printJson({ file: output, without: without.split(',') });
  say(`${output} written. Whoever verifies it sees what was left out: countersign evidence verify ${output}`);
}
