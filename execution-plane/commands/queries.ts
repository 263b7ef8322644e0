import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const pending: Statement = {
  name: 'commands.pending',
  text: `SELECT tenant_id, id, run_id, kind, step_key, reason, requested_by FROM execution.commands WHERE handled_at IS NULL ORDER BY requested_at LIMIT $1`,
};

export interface CommandRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly run_id: string;
  readonly kind: 'cancel' | 'redrive';
  /** Null for every dead or failed step. */
  readonly step_key: string | null;
  readonly reason: string;
  readonly requested_by: string;
}

export function findPending(tx: Transaction, limit: number): Promise<CommandRow[]> {
  return tx.rows<CommandRow>(pending, [limit]);
}

const lockCommand: Statement = {
  name: 'commands.lock',
  text: 'SELECT id FROM execution.commands WHERE tenant_id = $1 AND id = $2 AND handled_at IS NULL FOR UPDATE SKIP LOCKED',
};

/** Gives false when somebody else handles it. */
export async function lockPending(tx: Transaction, command: CommandRow): Promise<boolean> {
  return await tx.maybeOne(lockCommand, [command.tenant_id, command.id]) !== undefined;
}

const closeCommand: Statement = {
  name: 'commands.close',
  text: 'UPDATE execution.commands SET handled_at = clock_timestamp(), result = $3 WHERE tenant_id = $1 AND id = $2',
};

export async function close(tx: Transaction, command: CommandRow, result: string): Promise<void> {
  await tx.change(closeCommand, [command.tenant_id, command.id, result]);
}
