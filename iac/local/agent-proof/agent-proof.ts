/**
 * `npm run agent-proof -- [--tickets N] [--json] [--agent FILE]`: the demo through an agent behind a firewall, with what happens to one: its cable is
 * pulled while writes are under way, for longer than the cell waits; and it is killed (`kill -9`) between approvals and their write-backs. Judged at
 * the sandbox, which counts what was written to it, by the offline verifier, and by the audit. Exit codes: 0 proven, 1 not, 2 usage, 8 no network namespace here.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildAgent } from '../agent-build/build-agent.ts';
import { parseStartArguments } from '../cell/arguments.ts';
import { CellApi } from '../cell/cell-api.ts';
import { startCell } from '../cell/cell.ts';
import { CellError, endOf } from '../cell/errors.ts';
import { ROOT } from '../config.ts';
import { Placement } from '../demo/placement.ts';
import { reportOf } from '../demo/report.ts';
import type { RaisedTicket } from '../demo/sandbox-client.ts';
import { follow } from '../demo/ticket-journey.ts';
import type { Journey } from '../demo/ticket-journey.ts';
import { Disturbances } from './disturbances.ts';
import { toldLate } from './told-late.ts';

const USAGE = 'Usage: npm run agent-proof -- [--tickets N, at least 4] [--json] [--agent FILE]';
const TIMEOUT_MS = 300_000;
const KILLS = 3;

interface ProofFigures {
  readonly tickets: number;
  readonly written_back: number;
  readonly evidence_verified: number;
  /** Writes that the sandbox counted: one for each ticket. */
  readonly effects: number;
  readonly kills: number;
  readonly cut_ms: number;
  /** Outcomes that the cell was told later than it counts an agent as lost, and by how much at most: `received_at` less `occurred_at`, in the audit. */
  readonly told_late: number;
  readonly told_latest_ms: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { tickets: { type: 'string' }, json: { type: 'boolean' }, agent: { type: 'string' }, help: { type: 'boolean' } } });
  const tickets = Number(values.tickets ?? 6);
  if (values.help === true || !Number.isInteger(tickets) || tickets < 4 || tickets > 100) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const binary = values.agent ?? (await buildAgent({ folder: path.join(ROOT, 'dist'), publisher: null })).file;
  const figures = await prove(path.resolve(binary), tickets);
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(20)} ${String(value)}\n`);
  return holds(figures) ? 0 : 1;
}

function holds({ tickets, written_back, evidence_verified, effects, kills, told_late }: ProofFigures): boolean {
  return written_back === tickets && evidence_verified === tickets && effects === tickets && kills > 0 && told_late > 0;
}

async function prove(binary: string, tickets: number): Promise<ProofFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-agent-proof-'));
  const leaving: Array<() => unknown> = [() => rm(folder, { recursive: true, force: true })];
  try {
    const options = parseStartArguments(['--data-dir', path.join(folder, 'cell'), '--port', '0', '--sandbox-port', '0', '--agent-port', '0', '--reconcile-seconds', '2', '--no-opa']);
    if (options === 'help') throw new CellError('usage', USAGE);
    const cell = await startCell(options, (line) => say(`  ${line}`));
    leaving.push(() => cell.stop());
    const api = new CellApi(cell.url, cell.apiKey);
    const placement = await Placement.start({ api, agentUrl: cell.agentUrl, command: [binary], deadline: Date.now() + TIMEOUT_MS, say: (line) => say(`  ${line}`) });
    leaving.push(() => placement.stop());
    return await disturbed(api, placement, tickets, folder);
  } finally {
    for (const leave of leaving.toReversed()) await leave();
  }
}

async function disturbed(api: CellApi, placement: Placement, tickets: number, folder: string): Promise<ProofFigures> {
  const disturbances = new Disturbances(placement.site);
  const before = await placement.site.servicenow.client.effects();
  const first = Math.floor(tickets / 2);
  say(`The cable is pulled while ${first} tickets are written back.`);
  let cutting: Promise<void> | undefined;
  const journeys = await journeysOf(api, placement, first, folder, (ticket, station) => {
    if (station === 'proposal ready') cutting ??= disturbances.cutWhileWriting(ticket.sys_id);
  });
  await cutting;
  say(`The agent is killed between approval and write-back of ${tickets - first} tickets.`);
  let [killing, left] = [Promise.resolve(), KILLS];
  journeys.push(...await journeysOf(api, placement, tickets - first, folder, (_ticket, station) => {
    if (station !== 'approved') return;
    if (left > 0) killing = killing.then(() => disturbances.killAfterApproval());
    left -= 1;
  }));
  await killing;
  for (const { ticket, failure } of journeys) if (failure !== null) say(`${ticket.number}: ${failure}`);
  const { written_back, evidence_verified } = reportOf(journeys);
  return {
    tickets, written_back, evidence_verified, effects: await placement.site.servicenow.client.effects() - before,
    kills: disturbances.kills, cut_ms: disturbances.cutMs, ...await toldLate(api),
  };
}

async function journeysOf(api: CellApi, placement: Placement, count: number, folder: string, onStation: (ticket: RaisedTicket, station: string) => void): Promise<Journey[]> {
  const { client } = placement.site.servicenow;
  const keysFile = path.join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify(await api.keys()));
  const raisedAt = Date.now();
  const tickets = await client.raise(count);
  const deadline = Date.now() + TIMEOUT_MS;
  return Promise.all(tickets.map((ticket) => follow(ticket, {
    api, sandbox: client, keysFile, deadline, raisedAt, together: count, evidenceDir: folder,
    onStation: (at, station) => {
      say(`  ${at.number}  ${station}`);
      onStation(at, station);
    },
  })));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  process.exit(await main());
} catch (error) {
  const end = endOf(error);
  if (end === undefined) throw error;
  say(end.message);
  process.exit(end.exitCode);
}
