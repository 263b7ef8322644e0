import { Command } from 'commander';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { PACKAGE_KINDS } from '@countersign/contracts/evidence/statement.ts';
import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';
import { addCommand, table } from '../add-command.ts';
import { ApiClient } from '../api-client.ts';
import { oneOf, wholeNumber } from '../choices.ts';
import { readConfig } from '../config.ts';
import { momentOf } from '../durations.ts';
import { untilBuilt } from '../evidence-package/until-built.ts';
import type { EvidencePackage } from '../evidence-package/until-built.ts';
import { printJson, say } from '../output.ts';
import { writeBytes } from '../write-bytes.ts';

type NewPackage = components['schemas']['NewEvidencePackage'];

interface BuildOptions {
  readonly output?: string;
  readonly wait: boolean;
  readonly waitS: string;
  readonly json?: boolean;
}

interface PeriodOptions extends BuildOptions {
  readonly from: string;
  readonly to: string;
  readonly includeRuns?: boolean;
}

/** `countersign evidence package`: has evidence built that is about more than one run, waits for it and downloads it. */
export function evidencePackageCommand(): Command {
  const command = new Command('package').description('Evidence of a run, an approval, a policy release or a period, as one file for an auditor');
  withBuild(command.command('approval').argument('<approval>', 'the approval id').description('Who was asked for what, who voted, and what became of it'))
    .action((subject_id: string, options: BuildOptions) => build({ kind: 'approval', subject_id, include_runs: false }, options));
  withBuild(command.command('policy-release').argument('<release>', 'the policy release id').description('Its versions, the difference, the replay and the gate'))
    .action((subject_id: string, options: BuildOptions) => build({ kind: 'policy_release', subject_id, include_runs: false }, options));
  withBuild(command.command('tenant-move').argument('<move>', 'the id of the move').description('From which cell to which, and what was compared on the way; asked for where the tenant is now'))
    .action((subject_id: string, options: BuildOptions) => build({ kind: 'tenant_move', subject_id, include_runs: false }, options));
  withBuild(command.command('period').description('All runs that ended in a period, each by the digest of its evidence')
    .requiredOption('--from <when>', 'runs that ended then or later: a time, or 30d ago as 30d').requiredOption('--to <when>', 'and before then: a time in the past, or 0s for now')
    .option('--include-runs', 'with the evidence of the runs in it, as far as 128 MiB hold it'))
    .action(({ from, to, includeRuns, ...options }: PeriodOptions) => build({ kind: 'period', from: momentOf(from), to: momentOf(to), include_runs: includeRuns ?? false }, options));
  withOutput(command.command('run').argument('<run>', 'the run id').description('The evidence of one run, which is built when it ends; the same as `evidence get`'), '<run>.evidence.zip').option('--json', 'print what was written')
    .action(async (run: string, { output, json }: BuildOptions) => {
      const file = output ?? `${run}.evidence.zip`;
      await written(file, await new ApiClient(readConfig()).evidence(run), { run_id: run }, json);
    });
  withOutput(command.command('get').argument('<package>', 'the package id').description('Download one that is built'), '<package>.evidence.zip').option('--json', 'print the package')
    .action(async (package_id: string, { output, json }: BuildOptions) => {
      const api = new ApiClient(readConfig());
      await download(api, await api.call('get', '/api/v1/evidence-packages/{package_id}', { path: { package_id } }), output, json);
    });
  addCommand(command, 'list', {
    does: 'Packages, newest first; erasures and break-glass grants make theirs by themselves',
    options: (it) => it.addOption(oneOf('--kind <kind>', 'only of this kind', PACKAGE_KINDS)),
    ask: (api, _given, { kind }: { kind?: PackageKind }) => api.call('get', '/api/v1/evidence-packages', { query: { limit: 200, ...(kind === undefined ? {} : { kind }) } }),
  }, table({ PACKAGE: ({ id }) => id, KIND: ({ kind }) => kind, ABOUT: ({ subject_id }) => subject_id, STATE: ({ state }) => state, RUNS: ({ runs }) => runs, BYTES: ({ size_bytes }) => size_bytes, 'ASKED FOR': ({ requested_at }) => requested_at, SHA256: ({ sha256 }) => sha256 }));
  return command;
}

function withOutput(command: Command, unless: string): Command {
  return command.option('-o, --output <file>', `where to write it (default: ${unless})`);
}

function withBuild(command: Command): Command {
  return withOutput(command, '<package>.evidence.zip').option('--no-wait', 'only ask for it').option('--wait-s <seconds>', 'how long to wait for it', '120').option('--json', 'print the package');
}

async function build(body: NewPackage, { output, wait, waitS, json }: BuildOptions): Promise<void> {
  const wait_ms = wholeNumber(waitS, '--wait-s', { min: 1, max: 86_400 }) * 1_000;
  const api = new ApiClient(readConfig());
  const asked = await api.call('post', '/api/v1/evidence-packages', { body });
  if (wait) return download(api, await untilBuilt(api, asked, wait_ms), output, json);
  if (json === true) printJson(asked);
  else say(`${asked.id} is asked for. Fetch it with: countersign evidence package get ${asked.id}`);
}

async function download(api: ApiClient, built: EvidencePackage, output: string | undefined, json: boolean | undefined): Promise<void> {
  await written(output ?? `${built.id}.evidence.zip`, await api.evidencePackage(built.id), built, json);
}

async function written(file: string, bytes: Uint8Array, answer: object, json: boolean | undefined): Promise<void> {
  await writeBytes(file, bytes);
  if (json === true) printJson({ ...answer, file });
  else say(`${file} written. Verify it with: countersign evidence verify ${file}`);
}
