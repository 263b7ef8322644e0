import { ID_PREFIXES } from '@countersign/contracts/ids/prefixes.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { RunState } from '@countersign/contracts/states/transitions.ts';
import type { Changes } from '../changes/changes.ts';
import { moveRun } from '../dispatch/move-run.ts';
import type { Tenants } from '../loops/tenants.ts';
import { appendEvents } from '../store/repository-events.ts';
import { decideCommand } from './decide.ts';
import { close, findPending, lockPending, pause, readWritesUnderWay, resume } from './queries.ts';
import type { CommandRow } from './queries.ts';

export interface CommandsOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly changes: Changes;
  readonly clock: Clock;
}

const BATCH = 50;

/** What became of a command. */
interface Done {
  readonly workspaceId: string;
  readonly runState: RunState;
  /** Whether there is something to claim now. */
  readonly begins: boolean;
}

/** Carries out what people asked of runs: cancel, redrive, pause and resume, of one or of very many. */
export class Commands {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  async turn(): Promise<boolean> {
    const { database, tenants, changes } = this.#options;
    const tenantIds = await tenants.ids();
    const found = await database.forTenants(tenantIds, (tx) => findPending(tx, tenantIds, BATCH));
    for (const command of found) {
      const done = await database.forTenant(command.tenant_id, (tx) => this.#carryOut(tx, command));
      if (done === null) continue;
      changes.changed({ tenant_id: command.tenant_id, workspace_id: done.workspaceId, kind: 'run', id: command.run_id, state: done.runState });
      if (done.begins) changes.stepsReady();
    }
    return found.length >= BATCH;
  }

  async #carryOut(tx: Transaction, command: CommandRow): Promise<Done | null> {
    if (!await lockPending(tx, command)) return null;
    const done = await (command.kind === 'pause' || command.kind === 'resume' ? this.#pauseOrResume(tx, command) : this.#move(tx, command));
    await close(tx, command, { result: done === null ? NOTHING_TO_DO[command.kind] : `run is ${done.runState}`, didSomething: done !== null });
    return done;
  }

  async #move(tx: Transaction, command: CommandRow): Promise<Done | null> {
    const sent = await readWritesUnderWay(tx, command);
    const moved = await moveRun(tx, this.#options.clock.now(), asked(command), command.tenant_id, command.run_id, (run) => decideCommand(run, command, sent));
    return moved === null ? null : { workspaceId: moved.workspaceId, runState: moved.runState, begins: moved.readied > 0 };
  }

  async #pauseOrResume(tx: Transaction, command: CommandRow): Promise<Done | null> {
    const runs = await (command.kind === 'pause' ? pause(tx, command) : resume(tx, command));
    const own = runs.find(({ id }) => id === command.run_id);
    if (own === undefined) return null;
    await appendEvents(tx, runs.map((run) => ({
      type: command.kind === 'pause' ? 'run.paused' : 'run.resumed', tenant_id: command.tenant_id, workspace_id: run.workspace_id, run_id: run.id, actor: asked(command),
      subject: { kind: 'run', id: run.id }, data: { command_id: command.id, reason_digest: digestOf(command.reason), state: run.state, ...(run === own ? {} : { with_run_id: own.id }) },
    })), this.#options.clock.now());
    return { workspaceId: own.workspace_id, runState: own.state, begins: command.kind === 'resume' };
  }
}

/** A person; or the run that takes the place of this one, because of its workflow's limit. */
function asked({ requested_by: id }: CommandRow): { readonly kind: 'person' | 'system'; readonly id: string } {
  return { kind: id.startsWith(`${ID_PREFIXES.run}_`) ? 'system' : 'person', id };
}

const NOTHING_TO_DO = { cancel: 'run_not_cancellable', redrive: 'run_not_redrivable', pause: 'run_not_pausable', resume: 'run_not_paused' } as const;
