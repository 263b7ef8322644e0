import type { ServerResponse } from 'node:http';
import type { Change } from '@countersign/contracts/events/change.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { packages } from '../data/audit.ts';
import { auditPeersState } from '../data/audit-peers.ts';
import { accessState } from '../data/access.ts';
import { agentsState } from '../data/agents.ts';
import { credentials } from '../data/credentials.ts';
import { earlierJob } from '../data/dead-letters.ts';
import { identityProviders } from '../data/identity-providers.ts';
import { emptyOut } from '../data/first-day.ts';
import { digestOf } from '../data/ids.ts';
import { keysState } from '../data/keys.ts';
import { machinesState } from '../data/machines.ts';
import { savedViews } from '../data/operations.ts';
import { peopleState } from '../data/people.ts';
import { privacyState } from '../data/privacy.ts';
import { runOf, type Fate, type Run } from '../data/runs.ts';
import { schedules } from '../data/schedules.ts';
import { tenancyState } from '../data/tenancy.ts';
import { scenario, type Scenario, type ScenarioName } from '../data/scenarios.ts';

type Schemas = components['schemas'];
type Approval = Schemas['Approval'];
type RunSummary = Schemas['RunSummary'];

/** What the stand-in holds, and what changes in it. Nothing runs: things change only by requests, or when a test says so. */
export class World {
  readonly scenario: Scenario;
  readonly runs: Run[];
  /** Bodies of the votes that came in, in order. */
  readonly votes: unknown[] = [];
  /** What providers were asked for, in order. */
  readonly signIns: unknown[] = [];
  /** Policy: what was checked and published, newest first; what was asked to be released, in order. */
  readonly drafts: Schemas['PolicyDraft'][] = [];
  readonly published: Schemas['PolicyVersion'][] = [];
  readonly releaseWishes: unknown[] = [];
  /** Those that were set here. */
  readonly killSwitches: Schemas['KillSwitch'][] = [];
  readonly savedViews = savedViews();
  readonly schedules: Schemas['Schedule'][];
  /** Jobs over many runs, the latest first. */
  readonly jobs: Schemas['BulkCommand'][] = [];
  readonly access = accessState();
  readonly agents = agentsState();
  readonly auditPeers = auditPeersState();
  credentials = credentials();
  identityProviders = identityProviders();
  sessionLimits: Schemas['SessionLimits'] = { idle_s: 28_800, absolute_s: 86_400, version: 0, set_by: null, set_at: null };
  readonly keys = keysState();
  readonly machines = machinesState();
  readonly packages = packages();
  readonly privacy = privacyState();
  readonly tenancy = tenancyState();
  readonly people = peopleState();
  /** The one that the session works in; null for the first. */
  workspace: string | null = null;
  readonly #streams = new Set<ServerResponse>();
  #eventId = 0;

  constructor(name: ScenarioName) {
    this.scenario = scenario(name, Date.now());
    this.runs = this.scenario.runs;
    this.schedules = schedules(this.runs);
    if (this.runs.length > 0) this.jobs.push(earlierJob());
    if (name === 'empty') emptyOut(this);
  }

  approvals(): Approval[] {
    return this.runs.flatMap((run) => run.approvals).map((approval) => this.#asSeen(approval));
  }

  approval(id: string): Approval | undefined {
    return this.approvals().find((approval) => approval.id === id);
  }

  /** Another action waits under the same approval by now: votes on the one before are stale. */
  changeAction(approvalId: string): void {
    this.#change(approvalId, (approval) => ({ ...approval, action_digest: digestOf(`changed ${approval.action_digest}`), preview: { ...approval.preview, title: `${approval.preview.title} (changed)` } }));
  }

  decide(approvalId: string, decision: Schemas['NewVote']['decision'], reason: string | null): void {
    const now = new Date().toISOString();
    this.#change(approvalId, (approval) => ({
      ...approval, state: decision === 'approve' ? 'approved' : decision === 'reject' ? 'rejected' : 'answered', answer: decision === 'happened' || decision === 'did_not_happen' ? decision : null, decided_at: now, may_vote: false, may_not_vote_because: 'The approval is decided.',
      votes: [...approval.votes, { id: 'vot_01kstandin0000000000000000', principal_id: 'prn_01kstandin0000000000000000', display_name: 'Cell owner', role: 'approver', decision, reason, auth_strength: 'link', sign_in_age_ms: 240_000, channel: 'console', voted_at: now }],
    }));
  }

  /** A new run at the top, as an incident would cause it. */
  addRun(place: number, fate: Fate): Run {
    const run = runOf(place, fate, Date.now());
    this.runs.unshift(run);
    this.emit('run', run.id, run.state);
    return run;
  }

  setRunState(runId: string, state: Run['state']): void {
    const run = this.runs.find(({ id }) => id === runId);
    if (run !== undefined) run.state = state;
    this.emit('run', runId, state);
  }

  emit(kind: Change['kind'], id: string, state: string): void {
    this.#eventId += 1;
    for (const stream of this.#streams) stream.write(`id: ${this.#eventId}\ndata: ${JSON.stringify({ kind, id, state })}\n\n`);
  }

  /** Tells every console that it may have missed something, as a cell does after a gap. */
  resync(): void {
    for (const stream of this.#streams) stream.write('event: resync\ndata: {}\n\n');
  }

  openStream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  /** Breaks every event stream, as a restart of the server does. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #change(approvalId: string, change: (approval: Approval) => Approval): void {
    for (const run of this.runs) run.approvals = run.approvals.map((approval) => (approval.id === approvalId ? change(approval) : approval));
    this.emit('approval', approvalId, 'changed');
  }

  #asSeen(approval: Approval): Approval {
    if (approval.state === 'pending' && this.scenario.stepUp) {
      return { ...approval, min_strength: 'link', max_sign_in_age_ms: 300_000, may_vote: false, may_not_vote_because: 'Policy asks for a sign-in that is at most 5 min old, and yours is 42 min old. Sign in to the console again with a new sign-in link.' };
    }
    if (approval.state === 'pending' && this.scenario.stopped) return { ...approval, frozen_since: new Date(Date.now() - 240_000).toISOString() };
    if (approval.state !== 'pending' || this.scenario.roles.includes('approver')) return approval;
    return { ...approval, may_vote: false, may_not_vote_because: `Voting takes the role approver; your roles are ${this.scenario.roles.join(', ')}.` };
  }
}

/** The part of a run that lists show. */
export function summaryOf(run: Run): RunSummary {
  const { id, workflow_name, workflow_version, environment, state, subject, subject_label, cost_usd, created_at, started_at, finished_at, error, paused_at = null } = run;
  return { id, workflow_name, workflow_version, environment, state, subject, subject_label, cost_usd, created_at, started_at, finished_at, error, paused_at };
}
