import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import { moveRun } from '../dispatch/move-run.ts';
import type { Moved } from '../dispatch/plan-moves.ts';
import type { Tenants } from '../loops/tenants.ts';
import { decideCommand } from './decide.ts';
import { close, findPending, lockPending } from './queries.ts';
import type { CommandRow } from './queries.ts';

export interface CommandsOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly changes: Changes;
  readonly clock: Clock;
}

const BATCH = 50;

/** Carries out what people asked of runs: cancel and redrive. */
export class Commands {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  async turn(): Promise<boolean> {
    const { database, tenants, changes } = this.#options;
    const found = await database.forTenants(await tenants.ids(), (tx) => findPending(tx, BATCH));
    for (const command of found) {
      const moved = await database.forTenant(command.tenant_id, (tx) => this.#carryOut(tx, command));
      if (moved === null) continue;
      changes.changed({ tenant_id: command.tenant_id, kind: 'run', id: command.run_id, state: moved.runState });
      if (moved.readied > 0) changes.stepsReady();
    }
    return found.length === BATCH;
  }

  async #carryOut(tx: Transaction, command: CommandRow): Promise<Moved | null> {
    if (!await lockPending(tx, command)) return null;
    const moved = await moveRun(tx, this.#options.clock.now(), { kind: 'person', id: command.requested_by }, command.tenant_id, command.run_id, (run) => decideCommand(run, command));
    await close(tx, command, moved === null ? NOTHING_TO_DO[command.kind] : `run is ${moved.runState}`);
    return moved;
  }
}

const NOTHING_TO_DO = { cancel: 'run_not_cancellable', redrive: 'run_not_redrivable' } as const;
