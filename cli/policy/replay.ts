import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, printTable, say } from '../output.ts';
import { readFolder } from './folder.ts';
import { findPlace, makeDraft } from './place.ts';
import { exceededLimits, readLimits } from './replay-limits.ts';
import { problemsText } from './show-report.ts';

type Replay = components['schemas']['PolicyReplay'];
type Report = NonNullable<Replay['report']>;

const ASK_EVERY_MS = 500;
const DAY_MS = 86_400_000;

export interface ReplayOptions {
  readonly environment: string;
  readonly days: string;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly maxChangedShare?: string;
  readonly maxNewlyDeniedRuns?: string;
  readonly maxExtraApprovalMinutes?: string;
  readonly json?: boolean;
}

/** Asks the folder every question that the environment's history has. Exit code 1 where it does not compile, or a limit is exceeded. */
export async function replay(folder: string, options: ReplayOptions): Promise<void> {
  const period = periodOf(options);
  const policy = await readFolder(folder);
  const api = new ApiClient(readConfig());
  const place = await findPlace(api, policy.layer, options.environment);
  const limits = readLimits(options, place.environment.gate);
  const draft = await makeDraft(api, policy, place);
  if (!draft.valid) {
    process.exitCode = 1;
    if (options.json === true) return printJson({ draft });
    process.stdout.write(`${problemsText(draft.report, { folder, layer: policy.layer })}\n`);
    return;
  }
  const started = await api.startPolicyReplay({ against: { draft_id: draft.id }, environment_id: place.environment.environment_id, ...period, ...(options.reason === undefined ? {} : { reason: options.reason }) });
  const ended = await untilEnded(api, started);
  if (ended.report === null) throw new CliError('request_refused', `The replay ${ended.id} has ${ended.state === 'cancelled' ? 'been cancelled' : `failed: ${ended.error?.message ?? 'no reason is given'}`}.`);
  const exceeded = exceededLimits(limits, ended.report);
  if (exceeded.length > 0) process.exitCode = 1;
  if (options.json === true) return printJson({ draft_id: draft.id, replay: ended, limits, exceeded });
  printReport(ended, ended.report);
  say(exceeded.length === 0 ? 'Within the limits.' : exceeded.map((line) => `Exceeded: ${line}`).join('\n'));
  if (place.environment.gate.enabled) say(`For the gate of ${options.environment}: countersign policy publish ${folder} --environment ${options.environment} --replay ${ended.id} --message ...`);
}

function periodOf({ days, from, to }: ReplayOptions): { from: string; to: string } {
  const end = to === undefined ? new Date() : readDate('--to', to);
  const count = Number(days);
  if (from === undefined && !(count > 0 && count <= 3660)) throw new CliError('input_invalid', `--days takes a number of days, and not ${days}.`);
  const start = from === undefined ? new Date(end.getTime() - count * DAY_MS) : readDate('--from', from);
  if (start >= end) throw new CliError('input_invalid', 'The period ends before it begins.');
  return { from: start.toISOString(), to: end.toISOString() };
}

function readDate(option: string, text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new CliError('input_invalid', `${option} takes a date such as 2026-11-01 or 2026-11-01T08:00:00Z, and not ${text}.`);
  return date;
}

/** With its progress on stderr: in one line of a terminal, elsewhere a line for each tenth. */
async function untilEnded(api: ApiClient, started: Replay): Promise<Replay> {
  let current = started;
  let told = -1;
  while (current.state === 'queued' || current.state === 'running') {
    const tenth = Math.floor(current.progress * 10);
    const line = current.state === 'queued' ? 'waiting for another replay' : `${Math.floor(current.progress * 100)} %  ${current.done} of ${current.total ?? '?'} decisions`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(60)}`);
    else if (tenth > told) say(line);
    told = Math.max(told, tenth);
    await new Promise((resolve) => { setTimeout(resolve, ASK_EVERY_MS); });
    current = await api.policyReplay(current.id);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(60)}\r`);
  return current;
}

function printReport({ environment, from, to }: Replay, { figures, not_replayed, groups, took_ms }: Report): void {
  process.stdout.write(`${figures.replayed} decisions of ${environment} from ${from} to ${to}, in ${(took_ms / 1000).toFixed(1)} s\n\n`);
  if (groups.length > 0) {
    printTable(['FROM', 'TO', 'COUNT', 'RUNS', 'ACTION', 'WORKFLOW', 'RULE'], groups.map(({ from: old, to: now, count, runs, action, workflow, rule }) => [old, now, String(count), String(runs), action, workflow ?? '', rule]));
    process.stdout.write('\n');
  }
  printTable(['', 'DECISIONS', 'RUNS', 'PERSON-MINUTES', 'COST'], [
    ['come out otherwise', String(figures.changed), '', '', ''],
    ['same outcome, other obligations', String(figures.changed_obligations), '', '', ''],
    ['denied and were not', String(figures.newly_denied), String(figures.newly_denied_runs), '', `$${Number(figures.newly_denied_runs_cost_usd).toFixed(2)}`],
    ['not denied any more', String(figures.no_longer_denied), String(figures.no_longer_denied_runs), '', ''],
    ['more approvals', String(figures.extra_approvals), '', minutes(figures.extra_person_minutes), ''],
    ['fewer approvals', String(figures.approvals_no_longer_needed), '', minutes(figures.person_minutes_no_longer_needed), ''],
  ]);
  const left = Object.entries(not_replayed).filter(([, count]) => count > 0);
  if (left.length > 0) process.stdout.write(`\nNot replayed: ${left.map(([why, count]) => `${count} ${why.replaceAll('_', ' ')}`).join(', ')}\n`);
}

function minutes(value: number | null): string {
  return value === null ? 'not known' : value.toFixed(1);
}
