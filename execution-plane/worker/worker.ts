import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { AGENTS_CHANNEL } from '@countersign/contracts/agent/hint.ts';
import { changeOf, CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { AGENTS_EVERY_MS } from '../agents/agents.ts';
import type { Agents } from '../agents/agents.ts';
import type { PostgresChanges } from '../changes/changes.ts';
import { CHILDREN_EVERY_MS } from '../children/children.ts';
import type { Children } from '../children/children.ts';
import type { Commands } from '../commands/commands.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Leases } from '../dispatch/leases.ts';
import { ERASURE_EVERY_MS } from '../erasure/erasure.ts';
import type { Erasure } from '../erasure/erasure.ts';
import type { Sweeper } from '../dispatch/sweeper.ts';
import type { Intake } from '../intake/intake.ts';
import { ADMISSIONS_EVERY_MS } from '../limits/admissions.ts';
import type { Admissions } from '../limits/admissions.ts';
import { Loop } from '../loops/loop.ts';
import type { Tenants } from '../loops/tenants.ts';
import type { Outcomes } from '../outcomes/outcomes.ts';
import type { DecisionPoints } from '../policy/decision-points.ts';
import type { PostgresSituation } from '../policy/situation.ts';
import type { ReconcilerLoop } from '../reconciler/reconciler-loop.ts';
import type { Retraining } from '../retraining/retraining.ts';
import { SCHEDULES_EVERY_MS } from '../schedules/schedules.ts';
import type { Schedules } from '../schedules/schedules.ts';
import type { StepRunner } from '../steps/step-runner.ts';
import { TIMERS_EVERY_MS } from '../timers/timers.ts';
import type { Timers } from '../timers/timers.ts';
import type { Wake } from '../wake/wake.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { removeWorker, writeHeartbeat } from './queries.ts';

/** Everything that runs in a worker, built in `wiring.ts`. */
export interface WorkerParts {
  readonly id: string;
  readonly version: string;
  /** What it has loaded, for the control plane to compare with what is approved. */
  readonly connectors: readonly Connector[];
  readonly databaseUrl: string;
  readonly database: Database;
  readonly tenants: Tenants;
  readonly changes: PostgresChanges;
  /** How it hears of work. */
  readonly wake: Wake;
  readonly intake: Intake;
  readonly admissions: Admissions;
  readonly schedules: Schedules;
  readonly dispatcher: Dispatcher;
  readonly runner: StepRunner;
  readonly leases: Leases;
  readonly sweeper: Sweeper;
  readonly erasure: Erasure;
  readonly outcomes: Outcomes;
  readonly timers: Timers;
  readonly children: Children;
  readonly commands: Commands;
  readonly decisionPoints: DecisionPoints;
  readonly situation: PostgresSituation;
  readonly reconciler: ReconcilerLoop;
  readonly agents: Agents;
  readonly retraining: Retraining;
  readonly evidence: { start(): void; stop(): Promise<void> };
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly leaseMs: number;
  /** 0: off. */
  readonly reconcileMs: number;
  /** How long steps under way may take to end when the worker stops. */
  readonly drainMs: number;
}

const PRESENCE_MS = 5_000;
const ENDED = ['succeeded', 'failed', 'cancelled'];

/** A worker: its loops, what wakes them, and how it starts and stops. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #loops: ReturnType<typeof loopsOf>;
  readonly #listener: Listener;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#loops = loopsOf(parts);
    const { intake, admissions, approvals, outcomes, commands, policy, agents } = this.#loops;
    this.#listener = new Listener(parts.databaseUrl, {
      countersign_deliveries: () => intake.wake(),
      countersign_approvals: () => {
        approvals.wake();
        outcomes.wake();
      },
      countersign_commands: () => commands.wake(),
      [AGENTS_CHANNEL]: (payload) => {
        if (parts.agents.heard(payload)) agents.wake();
      },
      [CHANGES_CHANNEL]: (payload) => {
        const change = changeOf(payload);
        // Whoever has ended makes room.
        if (change?.kind === 'run' && ENDED.includes(change.state)) admissions.wake();
        if (change?.kind === 'kill_switch') parts.situation.forget(change.tenant_id);
        if (change?.kind !== 'policy') return;
        parts.decisionPoints.noteChange(change.tenant_id);
        policy.wake();
      },
    }, (error) => parts.log.warn({ err: error }, 'the notification channel broke; polling goes on'));
  }

  /** Looks for work: a slot is free, or something became ready here. */
  wakeDispatch(): void {
    this.#loops.dispatch.wake();
  }

  /** Looks for runs that have ended and were started by steps: one has here. */
  wakeChildren(): void {
    this.#loops.children.wake();
  }

  /** Looks for deliveries: one was made here. */
  wakeIntake(): void {
    this.#loops.intake.wake();
  }

  /** Resolves when policy has been looked for once and every loop runs. */
  async start(): Promise<void> {
    const { decisionPoints, tenants, evidence, sweeper, wake } = this.#parts;
    await sweeper.takeOverOwn();
    await decisionPoints.warm(await tenants.ids());
    await this.#listener.start();
    await wake.start(() => this.wakeDispatch());
    for (const loop of Object.values(this.#loops)) loop.start();
    evidence.start();
    await this.#parts.telemetry.start();
  }

  /** Claims nothing more, lets what is under way end within the deadline, gives the rest back, and closes. */
  async stop(): Promise<void> {
    const { runner, dispatcher, sweeper, changes, wake, decisionPoints, evidence, database, drainMs, log, id } = this.#parts;
    // Leases are renewed, agents are heard and operators see this worker for as long as it has something under way.
    const { heartbeat, presence, agents, ...others } = this.#loops;
    runner.drain();
    this.#loops.presence.wake();
    await Promise.all([this.#listener.stop(), wake.drain(), ...Object.values(others).map((loop) => loop.stop()), evidence.stop()]);
    if (!await endsWithin(dispatcher.idle(), drainMs)) {
      runner.abort();
      if (!await endsWithin(dispatcher.idle(), ABORT_GRACE_MS)) log.warn('steps are still under way; their leases are given back');
    }
    await Promise.all([heartbeat.stop(), presence.stop(), agents.stop()]);
    await this.#parts.agents.stop();
    await sweeper.releaseOwn().catch((error: unknown) => log.error({ err: error }, 'leases could not be given back; they run out by themselves'));
    changes.stepsReady();
    await wake.stop();
    await changes.flush();
    await database.forNoTenant((tx) => removeWorker(tx, id)).catch(() => undefined);
    await decisionPoints.stop();
    await this.#parts.telemetry.stop();
    await database.close();
  }
}

const ABORT_GRACE_MS = 2_000;

function loopsOf(parts: WorkerParts) {
  const { wake, dispatcher, intake, admissions, schedules, leases, sweeper, erasure, outcomes, timers, children, commands, decisionPoints, reconciler, agents, retraining, leaseMs, reconcileMs, log } = parts;
  const loop = (name: string, everyMs: number, turn: () => Promise<boolean>): Loop =>
    new Loop({ name, everyMs, turn, onError: (loop, error) => log.error({ err: error, loop }, 'a loop failed and is tried again') });
  const once = (work: () => Promise<unknown>) => async (): Promise<boolean> => (await work(), false);
  return {
    dispatch: loop('dispatch', wake.pollMs, async () => {
      const again = await dispatcher.turn();
      if (!again) wake.looked(dispatcher.free);
      return again;
    }),
    intake: loop('intake', 1_000, () => intake.turn()),
    admissions: loop('admissions', ADMISSIONS_EVERY_MS, () => admissions.turn()),
    schedules: loop('schedules', SCHEDULES_EVERY_MS, () => schedules.turn()),
    heartbeat: loop('heartbeat', leaseMs / 3, once(() => leases.renew())),
    sweep: loop('sweep', Math.min(1_000, leaseMs / 4), () => sweeper.reclaimExpired()),
    approvals: loop('approvals', 1_000, () => sweeper.settleApprovals()),
    outcomes: loop('outcomes', 1_000, () => outcomes.turn()),
    recovery: loop('recovery', 1_000, () => sweeper.letGo()),
    timers: loop('timers', TIMERS_EVERY_MS, () => timers.turn()),
    children: loop('children', CHILDREN_EVERY_MS, () => children.turn()),
    commands: loop('commands', 1_000, () => commands.turn()),
    shred: loop('shred', 60_000, () => sweeper.shred()),
    erasure: loop('erasure', ERASURE_EVERY_MS, () => erasure.turn()),
    policy: loop('policy', 3_600_000, once(() => decisionPoints.refreshChanged())),
    presence: loop('presence', PRESENCE_MS, once(() => writePresence(parts))),
    ...(reconcileMs > 0 ? { reconcile: loop('reconcile', Math.min(reconcileMs, 5_000), once(() => reconciler.turn())) } : {}),
    agents: loop('agents', AGENTS_EVERY_MS, () => agents.turn()),
    watches: loop('watches', 5_000, once(() => agents.watch())),
    agentTidy: loop('agent tidy', 60_000, () => agents.tidy()),
    retraining: loop('retraining', 2_000, once(() => retraining.turn())),
  };
}

async function writePresence(parts: WorkerParts): Promise<void> {
  const presence = { policy: parts.decisionPoints.statuses(), wake: await parts.wake.state(), draining: parts.runner.draining };
  await parts.database.forNoTenant((tx) => writeHeartbeat(tx, parts, presence));
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<false>((resolve) => { timer = setTimeout(() => resolve(false), ms); });
  const ended = await Promise.race([work.then(() => true), over]);
  clearTimeout(timer);
  return ended;
}
