import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { NewRun } from '../intake/repository-fresh-runs.ts';
import { admitWaiting } from './admissions.ts';
import { isLimited } from './limit-keys.ts';
import type { Gate } from './limit-keys.ts';
import { countOpen, findSuperseded, insertCancellations, lockGate } from './repository-admissions.ts';

/** Why a run is not made. */
export interface Turned {
  readonly because: 'concurrency_limit';
  readonly facts: NewAuditEvent['data'];
}

/** The gates of a batch, locked until its transaction ends. */
export interface OpenGates {
  /** Those that may be made. */
  readonly allowed: readonly NewRun[];
  readonly refused: ReadonlyMap<NewRun, Turned>;
  /** When they are made: lets in who fits, and asks those to end that make room. */
  letIn(made: readonly NewRun[]): Promise<void>;
}

/** Takes the locks of the limits that hold for these runs. Where no workflow has any, which is the rule, it does nothing. */
export async function openGates(tx: Transaction, runs: readonly NewRun[], worker: string, at: Date): Promise<OpenGates> {
  const byGate = [...Map.groupBy(runs.filter((run) => isLimited(run.limits)), (run) => nameOf(gateOf(run)))].toSorted(([a], [b]) => a.localeCompare(b)).map(([, own]) => own);
  const refused = new Map<NewRun, Turned>();
  for (const own of byGate) {
    await lockGate(tx, gateOf(own[0]!));
    for (const run of await tooMany(tx, own)) refused.set(run, { because: 'concurrency_limit', facts: { limit: run.workflow.definition.concurrency?.limit ?? null } });
  }
  return {
    refused,
    allowed: runs.filter((run) => !refused.has(run)),
    letIn: async (made) => {
      for (const own of byGate) await letIn(tx, own.filter((run) => made.includes(run)), worker, at);
    },
  };
}

/** Of workflows that drop what is too much: those for which there is no room. */
async function tooMany(tx: Transaction, runs: readonly NewRun[]): Promise<NewRun[]> {
  const dropping = runs.filter((run) => run.workflow.definition.concurrency?.on_conflict === 'drop');
  if (dropping.length === 0) return [];
  const open = await countOpen(tx, gateOf(dropping[0]!), [...new Set(dropping.map((run) => run.limits.concurrency_key))]);
  return dropping.filter(({ workflow, limits }) => {
    const now = open.get(limits.concurrency_key) ?? 0;
    const full = now >= (workflow.definition.concurrency?.limit ?? 0);
    if (!full) open.set(limits.concurrency_key, now + 1);
    return full;
  });
}

async function letIn(tx: Transaction, made: readonly NewRun[], worker: string, at: Date): Promise<void> {
  const [first] = made;
  if (first === undefined) return;
  const gate = gateOf(first);
  for (const run of new Map(made.map((one) => [one.limits.concurrency_key, one])).values()) {
    const { concurrency } = run.workflow.definition;
    if (concurrency?.on_conflict !== 'cancel_running') continue;
    const superseded = await findSuperseded(tx, gate, run.limits.concurrency_key, concurrency.limit);
    if (superseded.length === 0) continue;
    await insertCancellations(tx, gate.tenant_id, superseded.map((runId) => ({ id: newId('command'), runId })), `A newer run of ${run.workflow.name} takes its place.`, run.id);
  }
  await admitWaiting(tx, gate, { only: [...new Set(made.map((run) => run.limits.concurrency_key))] }, worker, at);
}

function gateOf({ delivery, workflow }: NewRun): Gate {
  return { tenant_id: delivery.tenant_id, environment_id: delivery.environment_id, workflow_id: workflow.id };
}

function nameOf({ tenant_id, environment_id, workflow_id }: Gate): string {
  return `${tenant_id}/${environment_id}/${workflow_id}`;
}
