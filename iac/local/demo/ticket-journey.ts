import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { isAxiosError } from 'axios';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { CellApi } from '../cell/cell-api.ts';
import { baseEnvironment, ROOT } from '../config.ts';
import type { RaisedTicket, SandboxClient } from './sandbox-client.ts';

type Run = components['schemas']['Run'];
type Approval = components['schemas']['Approval'];

/** What became of one ticket. `failure` is null only when everything was seen to be right. */
export interface Journey {
  readonly ticket: RaisedTicket;
  readonly runId: string | null;
  readonly proposal: string;
  readonly decision: string;
  readonly writtenFields: readonly string[];
  readonly writtenBack: boolean;
  readonly evidenceVerified: boolean;
  readonly denied: boolean;
  readonly costUsd: number;
  /** From the event's arrival until the proposal waits for a person. */
  readonly eventToProposalMs: number | null;
  /** From the decision until the write is confirmed. */
  readonly approvalToWritebackMs: number | null;
  readonly failure: string | null;
}

export interface JourneyTools {
  readonly api: CellApi;
  readonly sandbox: SandboxClient;
  readonly evidenceDir: string;
  readonly keysFile: string;
  readonly deadline: number;
  /** When the tickets were raised, where an earlier system of record may have had tickets of the same numbers. */
  readonly raisedAt?: number;
  /** How many are followed at a time: together they ask no more often than a key may. Absent: few. */
  readonly together?: number;
  /** Votes where a person would; absent: through the API. */
  readonly approveInSlack?: (approval: Approval) => Promise<void>;
  /** Told at each station, for the progress display. */
  readonly onStation: (ticket: RaisedTicket, station: string) => void;
}

const POLL_MS = 250;
/** Between any two questions, of all tickets together: 40 per second, and a key may ask 50. */
const QUESTION_EVERY_MS = 25;
/** What a run ends with when policy did not let a call go on, whatever the reason. */
const POLICY_DENIALS: ReadonlySet<string> = new Set(['policy_denied', 'bundle_missing', 'bundle_invalid', 'bundle_stale', 'policy_error', 'policy_timeout']);

/** Follows one ticket from the sandbox to verified evidence, approving as a person would: by the digest that was shown. */
export async function follow(ticket: RaisedTicket, tools: JourneyTools): Promise<Journey> {
  const { api, sandbox, onStation } = tools;
  let run: Run | undefined;
  let approval: Approval | undefined;
  try {
    run = await until(tools, 'a run', () => findRun(tools, ticket));
    onStation(ticket, 'run started');
    approval = await until(tools, 'a proposal', () => pendingApproval(api, run!.id));
    onStation(ticket, 'proposal ready');
    await (tools.approveInSlack ?? ((shown) => approve(tools, shown)))(approval);
    onStation(ticket, 'approved');
    run = await until(tools, 'the end of the run', () => endedRun(api, run!.id));
    if (run.state !== 'succeeded') return journey(ticket, run, approval, { failure: `run ${run.state}: ${run.error?.code ?? 'no code'} ${run.error?.message ?? ''}` });
    onStation(ticket, 'written back');
    const wrong = wrongChannel(run, approval, tools) ?? await lookAtRecord(sandbox, ticket, run, approval);
    if (wrong !== null) return journey(ticket, run, approval, { failure: wrong });
    const evidence = await until(tools, 'the evidence', () => api.evidence(run!.id));
    const refused = await inTurn(() => verifyOffline(evidence, run!.id, tools));
    onStation(ticket, refused === null ? 'evidence verified' : 'evidence refused');
    return journey(ticket, run, approval, { writtenBack: true, evidenceVerified: refused === null, failure: refused });
  } catch (error) {
    const latest = run === undefined ? undefined : await api.run(run.id).catch(() => run);
    return journey(ticket, latest, approval, { failure: (error as Error).message });
  }
}

async function findRun({ api, raisedAt }: JourneyTools, ticket: RaisedTicket): Promise<Run | undefined> {
  const { items } = await api.runs({ q: ticket.number, limit: 5 });
  const run = items.find((item) => item.subject_label === ticket.number && Date.parse(item.created_at) >= (raisedAt ?? 0));
  return run === undefined ? undefined : api.run(run.id);
}

async function pendingApproval(api: CellApi, runId: string): Promise<Approval | undefined> {
  const { items } = await api.approvals(runId);
  const pending = items.find((item) => item.state === 'pending');
  if (pending !== undefined) return pending;
  const run = await api.run(runId);
  if (isOver(run)) throw new Error(`the run ended ${run.state} without a proposal: ${run.error?.code ?? 'nothing was proposed'} ${run.error?.message ?? ''}`);
  return undefined;
}

/** Votes until the vote is counted: after a lost answer, the approval itself says whether it was. */
async function approve(tools: JourneyTools, approval: Approval): Promise<void> {
  await until(tools, 'the vote to be counted', async () => {
    const { items } = await tools.api.approvals(approval.run_id);
    const now = items.find((item) => item.id === approval.id);
    if (now !== undefined && now.state !== 'pending') return true;
    await tools.api.vote(approval.id, approval.action_digest);
    return true;
  });
}

async function endedRun(api: CellApi, runId: string): Promise<Run | undefined> {
  const run = await api.run(runId);
  return isOver(run) ? run : undefined;
}

/** A vote in Slack must be kept as one: its channel, and that it is worth less than a session. @returns what is wrong, or null */
function wrongChannel(run: Run, approval: Approval, { approveInSlack }: JourneyTools): string | null {
  if (approveInSlack === undefined) return null;
  const votes = run.approvals.find((item) => item.id === approval.id)?.votes ?? [];
  const inSlack = votes.length === 1 && votes[0]?.channel === 'slack' && votes[0].auth_strength === 'slack_linked';
  return inSlack ? null : `the vote is kept as ${JSON.stringify(votes.map(({ channel, auth_strength }) => ({ channel, auth_strength })))}`;
}

/** The sandbox's record must hold what was approved, and exactly one work note of this run. @returns what is wrong, or null */
async function lookAtRecord(sandbox: SandboxClient, ticket: RaisedTicket, run: Run, approval: Approval): Promise<string | null> {
  const record = await sandbox.incident(ticket.sys_id);
  const parameters = (approval.action_document as { parameters?: Record<string, unknown> }).parameters ?? {};
  for (const field of ['category', 'subcategory', 'impact', 'urgency', 'assignment_group']) {
    const approved = parameters[field];
    if (typeof approved === 'string' && record[field] !== approved) return `${field} is ${JSON.stringify(record[field])} in the sandbox, approved was ${JSON.stringify(approved)}`;
  }
  const notes = await sandbox.workNotes(ticket.sys_id, run.id);
  return notes.length === 1 ? null : `${notes.length} work notes of this run in the sandbox`;
}

/** Verifies with the command line, as an auditor would: another program, no server. @returns why it was refused, or null */
async function verifyOffline(bundle: Buffer, runId: string, tools: JourneyTools): Promise<string | null> {
  const file = path.join(tools.evidenceDir, `${runId}.evidence.zip`);
  await writeFile(file, bundle);
  try {
    await promisify(execFile)(process.execPath, [path.join(ROOT, 'cli/main.ts'), 'evidence', 'verify', file, '--keys', tools.keysFile, '--json'], { env: baseEnvironment() });
    return null;
  } catch (error) {
    return `evidence not verified: ${(error as { stdout?: string }).stdout?.trim() || (error as Error).message}`;
  }
}

/** Each verifier is a process that is at work: no more at a time than there are cores, so that the cell and its agent have theirs. */
const LANES: Array<Promise<unknown>> = Array.from({ length: availableParallelism() }, () => Promise.resolve());
let turn = 0;

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const lane = turn % LANES.length;
  turn += 1;
  const worked = LANES[lane]!.then(work);
  LANES[lane] = worked.catch(() => undefined);
  return worked;
}

/** Asks until there is an answer. A refused connection is waited out: the cell restarts what dies. */
async function until<T>(tools: JourneyTools, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isAxiosError(error) || error.response !== undefined) throw error;
    }
    if (Date.now() > tools.deadline) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, Math.max(POLL_MS, QUESTION_EVERY_MS * (tools.together ?? 1))); });
  }
}

function journey(ticket: RaisedTicket, run: Run | undefined, approval: Approval | undefined, end: Partial<Journey>): Journey {
  const write = run?.calls.find((call) => call.risk === 'write' && call.state === 'succeeded');
  return {
    ticket,
    runId: run?.id ?? null,
    proposal: approval === undefined ? '' : approval.preview.fields.map((field) => field.after).join(' / '),
    decision: approval === undefined ? run?.error?.code ?? '' : `approved ${approval.action_digest.slice(7, 15)}${channelOf(run, approval)}`,
    writtenFields: (write?.receipt?.['fields_written'] as string[] | undefined) ?? [],
    writtenBack: false,
    evidenceVerified: false,
    denied: POLICY_DENIALS.has(run?.error?.code ?? ''),
    costUsd: Number(run?.cost_usd ?? 0),
    eventToProposalMs: run === undefined || approval === undefined ? null : Date.parse(approval.requested_at) - Date.parse(run.event_at),
    approvalToWritebackMs: write?.finished_at && approval !== undefined ? Date.parse(write.finished_at) - decidedAt(run, approval) : null,
    failure: null,
    ...end,
  };
}

/** Where it was decided, unless through the API. */
function channelOf(run: Run | undefined, approval: Approval): string {
  const channel = run?.approvals.find((item) => item.id === approval.id)?.votes[0]?.channel;
  return channel === undefined || channel === 'api' ? '' : ` in ${channel}`;
}

function decidedAt(run: Run | undefined, approval: Approval): number {
  const decided = run?.approvals.find((item) => item.id === approval.id)?.decided_at;
  return decided === null || decided === undefined ? Number.NaN : Date.parse(decided);
}

function isOver(run: Run): boolean {
  return run.state === 'succeeded' || run.state === 'failed' || run.state === 'cancelled';
}
