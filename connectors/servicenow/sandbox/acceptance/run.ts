/**
 * `node connectors/servicenow/sandbox/acceptance/run.ts [--collection DIR]`: the sandbox, judged by a client that is not
 * ours. Starts a sandbox on a free port, runs our playbook and the collection's own test targets against it, prints
 * pass counts. Exit code 0 all passed, 1 something failed, 2 the collection or ansible cannot be had.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startSandbox } from '../server.ts';
import { findCollection, hasIntegrationTargets, layOut } from './collection.ts';
import { readAcceptanceConfig } from './config.ts';
import type { TaskCounts } from './playbook-run.ts';
import { runPlaybook } from './playbook-run.ts';

const TARGETS = ['itsm_incident', 'itsm_incident_with_mapping', 'itsm_attachment_info', 'itsm_attachment_upload', 'itsm_api', 'api_authentication'] as const;
const HERE = dirname(fileURLToPath(import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { collection: { type: 'string' } } });
  const config = readAcceptanceConfig();
  const collection = findCollection(values.collection, config.collectionPaths);
  if (collection === undefined) {
    process.stderr.write(
      `The servicenow.itsm collection was not found in ${values.collection ?? config.collectionPaths.join(', ')}.\n` +
        'It is not part of this repository (GPL-3). Get it with "ansible-galaxy collection install servicenow.itsm", or from its\n' +
        'repository for the integration targets, and name it: --collection DIR, or ANSIBLE_COLLECTIONS_PATH.\n',
    );
    return 2;
  }
  const targets = hasIntegrationTargets(collection) ? TARGETS : [];
  if (targets.length === 0) process.stdout.write('The collection has no integration targets with it; only our own playbook is run.\n');
  const scratch = mkdtempSync(join(tmpdir(), 'servicenow-acceptance-'));
  const oauth = { clientId: 'acceptance', clientSecret: 'acceptance-secret' };
  const apiKey = 'acceptance-key';
  const sandbox = await startSandbox({ incidents: 50, oauth, apiKey, tls: 'optional' });
  const folder = sandbox.certificates?.folder ?? '';
  try {
    layOut(scratch, collection, targets, { url: sandbox.url, user: 'admin', password: 'sandbox-admin', ...oauth, apiKey, certificateFile: join(folder, 'client.pem'), keyFile: join(folder, 'client.key') });
    return await runAll(scratch, targets, { ...config.environment, SSL_CERT_FILE: join(folder, 'ca.pem') });
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    process.stderr.write(missing ? 'ansible-playbook is not on PATH; install ansible-core (on Debian: apt-get install ansible-core).\n' : `${String(error)}\n`);
    return 2;
  } finally {
    await sandbox.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function runAll(scratch: string, targets: readonly string[], surroundings: Record<string, string | undefined>): Promise<number> {
  const environment = {
    ...surroundings,
    ANSIBLE_COLLECTIONS_PATH: join(scratch, 'collections'),
    ANSIBLE_ROLES_PATH: join(scratch, 'targets'),
    ANSIBLE_STDOUT_CALLBACK: 'json',
    ANSIBLE_LOCALHOST_WARNING: 'false',
    ANSIBLE_COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH: 'ignore',
    ANSIBLE_LOCAL_TEMP: join(scratch, 'tmp'),
    ANSIBLE_HOME: join(scratch, 'home'),
  };
  const runs: ReadonlyArray<readonly [name: string, args: readonly string[]]> = [
    ['countersign playbook', ['-i', 'localhost,', '-e', `settings_file=${join(scratch, 'integration_config.yml')}`, join(HERE, 'playbook.yml')]],
    ...targets.map((target) => [target, ['-i', 'localhost,', '-e', `target=${target}`, join(HERE, 'target.yml')]] as const),
  ];
  const total: TaskCounts = { passed: 0, skipped: 0, failed: [] };
  for (const [name, args] of runs) {
    const counts = await runPlaybook(args, scratch, environment);
    process.stdout.write(`${name}: ${describe(counts)}\n`);
    for (const { task, message } of counts.failed) process.stdout.write(`  FAILED ${task}: ${message.slice(0, 500)}\n`);
    total.passed += counts.passed;
    total.skipped += counts.skipped;
    total.failed.push(...counts.failed);
  }
  process.stdout.write(`total: ${describe(total)}\n`);
  return total.failed.length === 0 && total.passed > 0 ? 0 : 1;
}

function describe({ passed, failed, skipped }: TaskCounts): string {
  return `${passed} passed, ${failed.length} failed, ${skipped} skipped`;
}
