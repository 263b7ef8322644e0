import { existsSync } from 'node:fs';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { readKeySettings } from '@countersign/platform/keys/settings.ts';
import { readS3Place } from '@countersign/platform/objects/settings.ts';
import { tracesEnvironment } from '../config.ts';
import type { CellOptions } from '../config.ts';
import { keptAwsSide, namesOnAws, tenantSecretsWriter } from './aws-side.ts';
import { startBeside } from './beside.ts';
import { bootstrapTenant, newApiKey, newSignInUrl } from './bootstrap.ts';
import type { BootstrapAccess } from './bootstrap.ts';
import { CellApi } from './cell-api.ts';
import { CellProcess } from './child-process.ts';
import type { Ready } from './child-process.ts';
import { ensureConsole } from './console-build.ts';
import { openDataFolder, refuseRunning } from './data-folder.ts';
import type { CellState, DataFolder } from './data-folder.ts';
import { CellDatabase } from './database.ts';
import { CellError } from './errors.ts';
import { homeEnvironment, keptCellKey, keptHome } from './home.ts';
import type { Home } from './home.ts';
import { keptAgentAuthority } from './agent-authority.ts';
import { keptAgentPort } from './agent-port.ts';
import { anyFreePort, requireFreePort } from './ports.ts';
import { INTEGRATION_USER, seed } from './seed.ts';
import { startStandIns } from './stand-ins.ts';
import type { StandIns } from './stand-ins.ts';
import { keptPublisherKey, publishShipped, sayWhatNeedsApproval } from './shipped-connectors.ts';

export interface RunningCell {
  readonly url: string;
  readonly sandboxUrl: string;
  /** Where agents dial. */
  readonly agentUrl: string;
  readonly signInUrl: string;
  readonly dataDir: string;
  readonly apiKey: string;
  /** Of whoever operates the cell. */
  readonly cellKey: string;
  readonly tenantId: string;
  readonly sandboxAdminPassword: string;
  readonly postgresPort: number;
  readonly processes: readonly CellProcess[];
  /** What stands in for AWS here. */
  readonly standIns: readonly string[];
  /** What a further worker is started with. */
  readonly workerEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

type Say = (line: string) => void;

/**
 * Starts a whole cell on this machine and resolves when a ticket can be raised. What was started is stopped again when a later part fails.
 * @param interrupted ends the start at its next stage, with CellError `interrupted`
 * @throws CellError, PostgresStartError, KeysError, PostgresError: see `endOf`
 */
export async function startCell(options: CellOptions, say: Say, interrupted: AbortSignal = new AbortController().signal): Promise<RunningCell> {
  await refuseRunning(options.dataDir); // before the ports, which that cell may hold
  await requireFreePort(options.port, 'API and console', '--port');
  await requireFreePort(options.sandboxPort, 'ServiceNow sandbox', '--sandbox-port');
  await requireFreePort(options.postgresPort, 'PostgreSQL', '--postgres-port');
  const folder = await openDataFolder(options.dataDir, { fresh: options.fresh });
  const stops: Array<() => Promise<void>> = [() => folder.release()];
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne();
  };
  try {
    const ports = await choosePorts(folder, options);
    const home = await keptHome(folder, options);
    const cellKey = await keptCellKey(folder);
    const asked = await keptAwsSide(folder, options);
    // A cell that goes back from KMS to a file may have none.
    if (asked.keys === 'file') await FileKeys.open(folder.keyFile, { create: folder.isNew || (asked.kms_key_id !== null && !existsSync(folder.keyFile)) });
    const startingDatabase = CellDatabase.start(folder, options.postgresPort, say);
    // A console that cannot be built must not leave behind a database that was still starting.
    stops.push(async () => (await startingDatabase.catch(() => undefined))?.stop());
    const [consoleDir, database] = await Promise.all([ensureConsole(say, interrupted), startingDatabase]);
    const access: BootstrapAccess = { controlDatabaseUrl: database.controlUrl, publicUrl: `http://localhost:${ports.api}`, home };
    refuseInterrupted(interrupted);
    const { tenant_id } = await bootstrapTenant(access);

    const begin = (process: CellProcess): Promise<Ready> => {
      refuseInterrupted(interrupted);
      stops.push(() => process.stop());
      return process.start();
    };
    const start = async (process: CellProcess): Promise<CellProcess> => (await begin(process), process);
    const common = { logsDir: folder.logs, verbose: options.verbose, say };
    const standIns = await startStandIns({ options, asked, folder, common, begin });
    const agentAuthority = await keptAgentAuthority(folder, standIns.aws.keys, standIns.awsEndpoint);
    const layout = cellLayout({ options, common, folder, database, consoleDir, ports, publicUrl: access.publicUrl, home, cellKeySha256: cellKey.sha256, standIns, agentAuthority });
    const controlPlane = await start(layout.controlPlane());
    const apiKey = await keptApiKey(folder, access);
    const api = new CellApi(access.publicUrl, apiKey);
    await publishShipped(api, await keptPublisherKey(folder), say);
    const putSecret = standIns.aws.secrets === 'aws' ? tenantSecretsWriter(standIns.awsEndpoint, tenant_id) : null;
    const { webhookUrl } = await seed(api, { secrets: folder.secrets, sandboxUrl: ports.sandboxUrl, sandboxProxyUrl: options.sandboxProxyUrl, putSecret });
    await sayWhatNeedsApproval(api, say);
    const beside = await startBeside({ options, api, folder, tenantId: tenant_id, common, begin });
    const rest = await Promise.all([start(layout.sandbox(webhookUrl)), ...Array.from({ length: options.workers }, (_, index) => start(layout.worker(index + 1)))]);

    const cell: RunningCell = {
      url: access.publicUrl, sandboxUrl: ports.sandboxUrl, agentUrl: ports.agentUrl, signInUrl: await newSignInUrl(access), dataDir: folder.path, apiKey, cellKey: cellKey.cell_key, tenantId: tenant_id,
      sandboxAdminPassword: folder.secrets.sandbox_admin_password, postgresPort: database.port, processes: [...standIns.processes, controlPlane, ...beside, ...rest], standIns: namesOnAws(standIns.aws), workerEnvironment: layout.workerEnvironment(options.workers + 1), stop,
    };
    await folder.writeState({
      pid: process.pid, url: cell.url, sandbox_url: cell.sandboxUrl, agent_url: cell.agentUrl, control_database_url: database.controlUrl, ...placesOf(standIns), api_key: apiKey, ...home, cell_key: cellKey.cell_key,
      sandbox_admin_password: cell.sandboxAdminPassword,
      processes: { postgres: database.pid, ...Object.fromEntries(cell.processes.map((child) => [child.name, child.pid ?? 0])) },
    });
    return cell;
  } catch (error) {
    await stop();
    throw error;
  }
}

function refuseInterrupted(interrupted: AbortSignal): void {
  if (interrupted.aborted) throw new CellError('interrupted', 'Stopped before it was ready. Nothing is lost.');
}

interface Ports {
  readonly api: number;
  readonly sandbox: number;
  readonly sandboxUrl: string;
  readonly agent: number;
  readonly agentUrl: string;
}

/** The sandbox's address is part of its connector instance, so it stays what it was at the first start. */
async function choosePorts(folder: DataFolder, options: CellOptions): Promise<Ports> {
  const kept = await folder.readKept<{ sandbox_port: number }>('ports', ['sandbox_port']);
  const sandbox = options.sandboxPort === 0 ? kept?.sandbox_port ?? await anyFreePort() : options.sandboxPort;
  if (kept !== undefined && kept.sandbox_port !== sandbox) {
    throw new CellError('usage', `This cell's sandbox was set up on port ${kept.sandbox_port}. Start with --sandbox-port ${kept.sandbox_port}, or begin anew with --fresh.`);
  }
  await folder.keep('ports', { sandbox_port: sandbox });
  const agent = await keptAgentPort(folder, options.agentPort ?? (options.port === 0 ? 0 : undefined));
  // By a name: agents elsewhere may find the cell by another address under it.
  return { api: options.port === 0 ? await anyFreePort() : options.port, sandbox, sandboxUrl: `http://127.0.0.1:${sandbox}`, agent, agentUrl: `https://localhost:${agent}` };
}

async function keptApiKey(folder: DataFolder, access: BootstrapAccess): Promise<string> {
  const kept = await folder.readKept<{ api_key: string }>('seed', ['api_key']);
  if (kept !== undefined) return kept.api_key;
  const api_key = await newApiKey(access, 'launcher');
  await folder.keep('seed', { api_key });
  return api_key;
}

/** As the processes read it. */
function placesOf({ shared }: StandIns): Pick<CellState, 'keys' | 'objects'> {
  const place = readS3Place(shared);
  return { keys: readKeySettings(shared), objects: { objectsFolder: shared['COUNTERSIGN_OBJECTS_DIR'] ?? '', objectsS3: place !== null && 'problem' in place ? null : place } };
}

interface LayoutInput {
  readonly options: CellOptions;
  readonly common: { readonly logsDir: string; readonly verbose: boolean; readonly say: Say };
  readonly folder: DataFolder;
  readonly database: CellDatabase;
  readonly consoleDir: string;
  readonly ports: Ports;
  readonly publicUrl: string;
  readonly home: Home;
  readonly cellKeySha256: string;
  readonly standIns: StandIns;
  /** `COUNTERSIGN_AGENT_CA` */
  readonly agentAuthority: string;
}

/** Which processes a cell has, and the environment that each is given. */
function cellLayout({ options, common, folder, database, consoleDir, ports, publicUrl, home, cellKeySha256, standIns, agentAuthority }: LayoutInput) {
  const shared = { ...standIns.shared, ...homeEnvironment(home), COUNTERSIGN_POLICY_TTL_SECONDS: String(options.policyTtlSeconds), COUNTERSIGN_METRICS_PORT: '0', ...tracesEnvironment() };
  const workerEnvironment = (number: number): Record<string, string> => ({
    // The supervisor starts a worker again only when it is gone, so the name may stay: the new process takes its steps over at once.
    ...shared, ...standIns.worker, COUNTERSIGN_WORKER_ID: `worker-${number}`, COUNTERSIGN_EXECUTION_DATABASE_URL: database.executionUrl, COUNTERSIGN_POLICY_REFRESH_SECONDS: String(options.policyRefreshSeconds),
    COUNTERSIGN_RECONCILE_SECONDS: String(options.reconcileSeconds),
    ...(typeof options.connectorsDir === 'string' ? { COUNTERSIGN_CONNECTORS_DIR: options.connectorsDir } : {}),
  });
  return {
    workerEnvironment,
    controlPlane: () => new CellProcess({
      ...common, name: 'control-plane', entry: 'control-plane/main.ts',
      env: {
        ...shared, COUNTERSIGN_CONTROL_DATABASE_URL: database.controlUrl, COUNTERSIGN_PORT: String(ports.api), COUNTERSIGN_HOST: '127.0.0.1',
        COUNTERSIGN_PUBLIC_URL: publicUrl, COUNTERSIGN_CONSOLE_DIR: consoleDir, COUNTERSIGN_SANDBOX_URL: ports.sandboxUrl,
        COUNTERSIGN_POLICY_RENEWAL_SECONDS: String(options.policyRenewalSeconds), COUNTERSIGN_STAND_INS: 'loopback',
        COUNTERSIGN_AGENT_PORT: String(ports.agent), COUNTERSIGN_AGENT_HOST: '127.0.0.1', COUNTERSIGN_AGENT_PUBLIC_URL: ports.agentUrl, COUNTERSIGN_AGENT_CA: agentAuthority,
        COUNTERSIGN_AGENT_RELEASES_DIR: folder.agentReleases,
        COUNTERSIGN_CELL_KEY_SHA256: cellKeySha256, ...(options.cells === undefined ? {} : { COUNTERSIGN_CELLS: options.cells }),
      },
    }),
    worker: (number: number) => new CellProcess({
      ...common, name: `worker-${number}`, entry: 'execution-plane/main.ts',
      env: workerEnvironment(number),
    }),
    sandbox: (webhookUrl: string) => new CellProcess({
      ...common, name: 'servicenow-sandbox', entry: 'connectors/servicenow/sandbox/main.ts',
      env: {
        SANDBOX_PORT: String(ports.sandbox), SANDBOX_HOST: '127.0.0.1', SANDBOX_DATA_DIR: folder.sandbox, SANDBOX_WEBHOOK_URL: webhookUrl,
        SANDBOX_WEBHOOK_SECRET: folder.secrets.webhook_secret, SANDBOX_CONSOLE_ORIGIN: publicUrl,
        SANDBOX_INTEGRATION_USER: INTEGRATION_USER, SANDBOX_INTEGRATION_PASSWORD: folder.secrets.sandbox_integration_password,
        SANDBOX_ADMIN_USER: 'admin', SANDBOX_ADMIN_PASSWORD: folder.secrets.sandbox_admin_password,
      },
    }),
  };
}
