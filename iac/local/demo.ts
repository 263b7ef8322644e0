import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isAxiosError } from 'axios';
import type { AxiosError } from 'axios';
import { buildAgent } from './agent-build/build-agent.ts';
import { parseStartArguments } from './cell/arguments.ts';
import { CellApi } from './cell/cell-api.ts';
import { startCell } from './cell/cell.ts';
import { runningCell } from './cell/data-folder.ts';
import { CellError, endOf } from './cell/errors.ts';
import { DEFAULTS, environmentText, ROOT } from './config.ts';
import { HostedModel } from './demo/hosted-model.ts';
import { PROVIDERS } from './demo/model-stand-in.ts';
import type { Provider } from './demo/model-stand-in.ts';
import { Placement } from './demo/placement.ts';
import { reportOf, tableOf, wentThrough } from './demo/report.ts';
import { SandboxClient } from './demo/sandbox-client.ts';
import { SlackApprover } from './demo/slack-approver.ts';
import { follow } from './demo/ticket-journey.ts';

const USAGE = `Usage: npm run demo -- [--tickets N] [--approve api|slack|slack-http] [--model local|openai|azure|anthropic]
                       [--placement cell|agent [--agent FILE]] [--json] [--data-dir DIR] [--timeout-seconds N]

Raises N incidents (default 5) in the sandbox, approves each proposal through the API, waits for the write-back, looks at the
sandbox's records, and verifies every evidence bundle offline. Uses the cell that runs; starts one in a scratch folder when none does.
With --approve slack a person approves each one in a stand-in for Slack (Socket Mode; slack-http: signed requests): the cell's Slack app is
pointed at it for as long as the demo runs.
With --model the tickets are sorted by a stand-in for that provider's API, by rules and not by a model: the connector, the workflow, the price
and the records are the real ones. The workflow is what it was before when the demo ends.
With --placement agent the ServiceNow is another one, which the cell cannot reach and which cannot call it: both it and an agent are put in network
namespaces of their own, and the network is looked at while they are there (Linux, as root or where users may make namespaces; exit code 8 where
not). The agent is the binary of \`npm run build:agent\`, or FILE.
With --json the report is one object on stdout; npm prints a heading there, too, unless it is told not to: npm run --silent demo -- --json`;

const APPROVE_BY = ['api', 'slack', 'slack-http'] as const;
type ApproveBy = (typeof APPROVE_BY)[number];

interface DemoOptions {
  readonly tickets: number;
  readonly json: boolean;
  readonly approve: ApproveBy;
  /** Null: the cell's own. */
  readonly model: Provider | null;
  /** Where the system of record's calls are made. */
  readonly placement: 'cell' | 'agent';
  /** The agent's binary; null: it is built where it is not there. */
  readonly agent: string | null;
  readonly dataDir: string;
  readonly timeoutMs: number;
}

/** A cell to show, and how to leave it. */
interface Stage {
  readonly url: string;
  readonly sandboxUrl: string;
  readonly apiKey: string;
  readonly sandboxAdminPassword: string;
  readonly evidenceDir: string;
  /** Where agents dial. */
  readonly agentUrl: string;
  /** Of its processes on this machine. */
  readonly ports: readonly number[];
  leave(): Promise<void>;
}

/** What stands in for whom, where not everything is as it is without options. */
interface Cast {
  readonly placement: Placement | null;
  readonly model: HostedModel | null;
  readonly slack: SlackApprover | null;
}

async function main(): Promise<boolean> {
  const options = parse(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return true;
  }
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());
  const stage = await findStage(options, interruption.signal);
  try {
    return await Promise.race([show(stage, options), interrupted(interruption.signal)]);
  } finally {
    await stage.leave();
  }
}

/** Rejects at Ctrl-C, so that a cell of our own is stopped and its folder removed. */
function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new CellError('interrupted', 'Stopped before all tickets were through.')), { once: true });
  });
}

async function show(stage: Stage, options: DemoOptions): Promise<boolean> {
  if (options.placement === 'cell') return sorted(stage, options, null);
  const placement = await placed(stage, options);
  try {
    return await sorted(stage, options, placement);
  } finally {
    await placement.stop();
  }
}

async function placed(stage: Stage, options: DemoOptions): Promise<Placement> {
  const command = [options.agent ?? await builtAgent()] as const;
  return Placement.start({ api: new CellApi(stage.url, stage.apiKey), agentUrl: stage.agentUrl, command, deadline: Date.now() + options.timeoutMs, say: (line) => say(`  ${line}`) });
}

async function builtAgent(): Promise<string> {
  say('Building the agent.');
  return (await buildAgent({ folder: path.join(ROOT, 'dist'), publisher: null })).file;
}

async function sorted(stage: Stage, options: DemoOptions, placement: Placement | null): Promise<boolean> {
  if (options.model === null) return approved(stage, options, { placement, model: null });
  const model = await HostedModel.start(new CellApi(stage.url, stage.apiKey), options.model);
  say(`Tickets are sorted by a stand-in for ${options.model}: rules over a few words, no model.`);
  try {
    return await approved(stage, options, { placement, model });
  } finally {
    await model.stop();
  }
}

async function approved(stage: Stage, options: DemoOptions, cast: Omit<Cast, 'slack'>): Promise<boolean> {
  if (options.approve === 'api') return run(stage, options, { ...cast, slack: null });
  const slack = await SlackApprover.start(stage, options.approve === 'slack' ? 'socket' : 'http');
  say(`Approvals go to a stand-in for Slack, by ${options.approve === 'slack' ? 'Socket Mode' : 'signed requests'}.`);
  try {
    return await run(stage, options, { ...cast, slack });
  } finally {
    await slack.stop();
  }
}

async function run(stage: Stage, options: DemoOptions, cast: Cast): Promise<boolean> {
  const { placement, slack } = cast;
  const api = new CellApi(stage.url, stage.apiKey);
  const sandbox = placement?.site.servicenow.client ?? new SandboxClient(stage.sandboxUrl, stage.sandboxAdminPassword);
  const keysFile = path.join(stage.evidenceDir, 'keys.json');
  await writeFile(keysFile, JSON.stringify(await api.keys()));
  const raisedAt = Date.now();
  const tickets = await sandbox.raise(options.tickets);
  say(`${tickets.length} incidents raised in the sandbox: ${tickets[0]!.number} to ${tickets.at(-1)!.number}`);
  const deadline = Date.now() + options.timeoutMs;
  const journeys = await Promise.all(tickets.map((ticket) => follow(ticket, {
    api, sandbox, keysFile, deadline, raisedAt, together: tickets.length, evidenceDir: stage.evidenceDir, ...(slack === null ? {} : { approveInSlack: (approval) => slack.approve(approval) }),
    onStation: (at, station) => say(`  ${at.number}  ${station}`),
  })));
  const report = { ...reportOf(journeys), ...await castReport(stage, options, cast) };
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stdout.write(`\n${tableOf(journeys, report)}\n\nEvidence bundles: ${stage.evidenceDir}\n`);
  for (const { ticket, failure } of options.json ? journeys : []) if (failure !== null) say(`${ticket.number}: ${failure}`);
  return wentThrough(report);
}

async function castReport(stage: Stage, options: DemoOptions, { placement, slack, model }: Cast): Promise<object> {
  return {
    ...(placement === null ? {} : { placement: 'agent', agent_id: placement.agentId, network: await placement.site.lookAround(stage.ports) }),
    ...(slack === null ? {} : { approve: options.approve, threads_told: await slack.threadsTold() }),
    ...(model === null ? {} : { model: options.model, model_asked: model.asked() }),
  };
}

async function findStage(options: DemoOptions, signal: AbortSignal): Promise<Stage> {
  const cell = await runningCell(options.dataDir);
  if (cell === undefined) return scratchStage(options, signal);
  const evidenceDir = path.join(options.dataDir, 'demo-evidence');
  await mkdir(evidenceDir, { recursive: true, mode: 0o700 });
  return { url: cell.url, sandboxUrl: cell.sandbox_url, apiKey: cell.api_key, sandboxAdminPassword: cell.sandbox_admin_password, evidenceDir, agentUrl: cell.agent_url, ports: portsOf(cell.url, cell.sandbox_url, cell.control_database_url), leave: async () => undefined };
}

/** No cell runs: one of its own, on free ports, in a folder that is removed afterwards. The evidence stays. */
async function scratchStage({ placement }: DemoOptions, signal: AbortSignal): Promise<Stage> {
  say('No cell runs; starting one in a scratch folder.');
  const dataDir = await mkdtemp(path.join(tmpdir(), 'countersign-demo-'));
  const evidenceDir = await mkdtemp(path.join(tmpdir(), 'countersign-evidence-'));
  // Where nothing calls the cell, looking is all there is.
  const often = placement === 'agent' ? ['--reconcile-seconds', '2'] : [];
  const options = parseStartArguments(['--data-dir', dataDir, '--port', '0', '--sandbox-port', '0', '--no-opa', ...often]);
  if (options === 'help') throw new CellError('usage', USAGE);
  const cell = await startCell(options, (line) => say(`  ${line}`), signal).catch(async (error: unknown) => {
    await Promise.all([dataDir, evidenceDir].map((folder) => rm(folder, { recursive: true, force: true })));
    throw error;
  });
  return {
    url: cell.url, sandboxUrl: cell.sandboxUrl, apiKey: cell.apiKey, sandboxAdminPassword: cell.sandboxAdminPassword, evidenceDir, agentUrl: cell.agentUrl,
    ports: [...portsOf(cell.url, cell.sandboxUrl), cell.postgresPort],
    leave: async () => {
      await cell.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function portsOf(...urls: readonly string[]): number[] {
  return urls.map((url) => Number(new URL(url).port));
}

function parse(argv: readonly string[]): DemoOptions | 'help' {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { tickets: { type: 'string' }, json: { type: 'boolean' }, approve: { type: 'string' }, model: { type: 'string' }, placement: { type: 'string' }, agent: { type: 'string' }, 'data-dir': { type: 'string' }, 'timeout-seconds': { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help === true) return 'help';
    const tickets = Number(values.tickets ?? 5);
    const timeoutSeconds = Number(values['timeout-seconds'] ?? 300);
    if (!Number.isInteger(tickets) || tickets < 1 || tickets > 500) throw new CellError('usage', '--tickets takes a whole number from 1 to 500.');
    if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1) throw new CellError('usage', '--timeout-seconds takes a whole number of seconds.');
    const approve = APPROVE_BY.find((way) => way === (values.approve ?? 'api'));
    if (approve === undefined) throw new CellError('usage', `--approve takes one of ${APPROVE_BY.join(', ')}.`);
    const model = values.model === undefined || values.model === 'local' ? null : PROVIDERS.find((provider) => provider === values.model);
    if (model === undefined) throw new CellError('usage', `--model takes one of local, ${PROVIDERS.join(', ')}.`);
    const placement = values.placement ?? (values.agent === undefined ? 'cell' : 'agent');
    if (placement !== 'cell' && placement !== 'agent') throw new CellError('usage', '--placement takes cell or agent.');
    if (placement === 'agent' && model !== null) throw new CellError('usage', '--placement agent and --model each bring their own version of the workflow; take one of them.');
    if (placement === 'cell' && values.agent !== undefined) throw new CellError('usage', '--agent is for --placement agent.');
    return { tickets, approve, model, placement, agent: values.agent === undefined ? null : path.resolve(values.agent), json: values.json ?? false, dataDir: path.resolve(values['data-dir'] ?? environmentText('COUNTERSIGN_DATA_DIR') ?? DEFAULTS.dataDir), timeoutMs: timeoutSeconds * 1000 };
  } catch (error) {
    if (error instanceof CellError) throw error;
    throw new CellError('usage', `${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

/** The cell went away, or its sandbox is not one of this cell. */
function unreachable(error: AxiosError): CellError {
  const where = `${error.config?.baseURL ?? ''}${error.config?.url ?? ''}`;
  return new CellError('demo_failed', `${where} ${error.response === undefined ? 'cannot be reached' : 'refused'}: ${error.message}. Is the cell still running?`, { cause: error });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  process.exit(await main() ? 0 : 1);
} catch (error) {
  const end = endOf(isAxiosError(error) ? unreachable(error) : error);
  if (end === undefined) throw error;
  say(end.message);
  process.exit(end.exitCode);
}
