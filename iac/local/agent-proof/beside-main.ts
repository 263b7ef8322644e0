/**
 * A cell and an agent beside it on this machine, and one ServiceNow sandbox that both reach, for whoever measures (`bench/agent`): prints one line of
 * JSON, where they are, and ends when its standard input does. `--agent FILE` takes that binary instead of building one.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildAgent } from '../agent-build/build-agent.ts';
import { parseStartArguments } from '../cell/arguments.ts';
import { CellApi } from '../cell/cell-api.ts';
import { startCell } from '../cell/cell.ts';
import { CellProcess } from '../cell/child-process.ts';
import { CellError, endOf } from '../cell/errors.ts';
import { anyFreePort } from '../cell/ports.ts';
import { INTEGRATION_USER } from '../cell/seed.ts';
import { ROOT } from '../config.ts';
import { AgentProcess } from './agent-process.ts';
import { enrolInto, placeInstance, versionOf } from './enrolled.ts';

const HERE = 'dev';
const THERE = 'staging';
const POOL = 'beside';
const INSTANCE = 'servicenow-beside';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { agent: { type: 'string' } } });
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-beside-'));
  const leaving: Array<() => unknown> = [() => rm(folder, { recursive: true, force: true })];
  try {
    await chmod(folder, 0o711);
    const binary = values.agent ?? (await buildAgent({ folder: path.join(ROOT, 'dist'), publisher: null })).file;
    const place = await start(path.resolve(binary), folder, leaving);
    process.stdout.write(`${JSON.stringify(place)}\n`);
    process.stdin.resume();
    await once(process.stdin, 'end');
  } finally {
    for (const leave of leaving.toReversed()) await leave();
  }
}

async function start(binary: string, folder: string, leaving: Array<() => unknown>): Promise<object> {
  const options = parseStartArguments(['--data-dir', path.join(folder, 'cell'), '--port', '0', '--sandbox-port', '0', '--agent-port', '0', '--reconcile-seconds', '0', '--no-opa']);
  if (options === 'help') throw new CellError('usage', 'beside-main.ts [--agent FILE]');
  const cell = await startCell(options, say);
  leaving.push(() => cell.stop());
  const sandbox = await startSandbox(folder, leaving);
  const api = new CellApi(cell.url, cell.apiKey);
  const credential = await api.storeCredential({ name: 'beside', kind: 'basic', value: { username: INTEGRATION_USER, password: sandbox.integrationPassword } });
  await api.createInstance({
    connector: 'servicenow', connector_version: versionOf('servicenow'), name: INSTANCE, environment: HERE, base_url: sandbox.url, allowed_hosts: [new URL(sandbox.url).host],
    settings: { integration_user: INTEGRATION_USER }, credential_id: credential.id,
  });
  const poolId = await placeInstance(api, { environment: THERE, pool: POOL, instance: INSTANCE, integrationUser: INTEGRATION_USER });
  const agentFolder = path.join(folder, 'agent');
  await mkdir(agentFolder, { mode: 0o700 });
  const running = await AgentProcess.prepare({
    command: [binary], inside: null, folder: agentFolder,
    connection: { name: INSTANCE, connector: 'servicenow', base_url: sandbox.url, username: INTEGRATION_USER, password: sandbox.integrationPassword },
  });
  leaving.push(() => running.stop());
  const agent = await enrolInto(api, poolId, running);
  return { url: cell.url, api_key: cell.apiKey, agent_pid: running.pid, agent_version: agent.agent_version, here: HERE, there: THERE, pool: POOL, sandbox_url: sandbox.url, sandbox_admin_password: sandbox.adminPassword };
}

/** Without webhooks: nothing that is measured starts by itself. */
async function startSandbox(folder: string, leaving: Array<() => unknown>): Promise<{ url: string; integrationPassword: string; adminPassword: string }> {
  const [integrationPassword, adminPassword, port] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url'), await anyFreePort()];
  const sandbox = new CellProcess({
    name: 'servicenow-beside', entry: 'connectors/servicenow/sandbox/main.ts', logsDir: folder, verbose: false, say,
    env: {
      SANDBOX_PORT: String(port), SANDBOX_HOST: '127.0.0.1', SANDBOX_DATA_DIR: path.join(folder, 'servicenow'),
      SANDBOX_INTEGRATION_USER: INTEGRATION_USER, SANDBOX_INTEGRATION_PASSWORD: integrationPassword, SANDBOX_ADMIN_USER: 'admin', SANDBOX_ADMIN_PASSWORD: adminPassword,
    },
  });
  leaving.push(() => sandbox.stop());
  await sandbox.start();
  return { url: `http://127.0.0.1:${port}`, integrationPassword, adminPassword };
}

function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const end = endOf(error);
  if (end === undefined) throw error;
  process.stderr.write(`${end.message}\n`);
  process.exit(end.exitCode);
}
