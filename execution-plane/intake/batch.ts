import { cleanJson, describeHidden, hasHidden } from '@countersign/platform/text-safety/clean-json.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { readWorkflowPins } from '../children/repository-workflows.ts';
import type { Contents } from '../contents/contents.ts';
import { ExecutionError } from '../errors.ts';
import { limitKeysOf } from '../limits/limit-keys.ts';
import { openGates } from '../limits/open-gates.ts';
import type { Turned } from '../limits/open-gates.ts';
import { RunQuotas } from '../limits/run-quotas.ts';
import { checkPayload } from './check-payload.ts';
import { findLoop } from './loop-guard.ts';
import { planPins, planSteps, readManualStart, triggerKeyOf } from './plan-run.ts';
import { findActiveByName, findActiveForEvent, readPins } from './queries.ts';
import type { ActiveWorkflow, DeliveryRow } from './queries.ts';
import { finishDeliveries, insertRunRows } from './repository-fresh-runs.ts';
import type { ClosedDelivery, NewRun } from './repository-fresh-runs.ts';

export interface BatchOptions {
  readonly contents: Contents;
  readonly log: Logger;
  readonly worker: string;
}

/** Why a delivery starts nothing, with what the audit says of it. */
interface Dropped {
  readonly because: string;
  readonly facts: NewAuditEvent['data'];
}

/** Runs that were made, and of how many deliveries it is known what became of them. */
export interface BatchDone {
  readonly made: readonly NewRun[];
  readonly handled: number;
}

/**
 * Makes runs of deliveries that are locked, in their order, in one transaction: what is the same for many of them is read once, and all of
 * them are written by a few statements. What a delivery itself is wrong about drops it with its reason; everything else fails the batch.
 */
export class Batch {
  readonly #tx: Transaction;
  readonly #at: Date;
  readonly #options: BatchOptions;
  readonly #active = new Map<string, Promise<ActiveWorkflow[]>>();
  readonly #pins = new Map<string, ReturnType<typeof readPins>>();
  readonly #dropped = new Map<DeliveryRow, Dropped>();
  readonly #planned: NewRun[] = [];
  #quotas: RunQuotas | undefined;

  constructor(tx: Transaction, at: Date, options: BatchOptions) {
    this.#tx = tx;
    this.#at = at;
    this.#options = options;
  }

  async start(deliveries: readonly DeliveryRow[]): Promise<BatchDone> {
    const handled = oneVersionEach(deliveries);
    this.#quotas = await RunQuotas.read(this.#tx, handled.filter(isOfTheClock));
    for (const delivery of handled) await this.#planOrDrop(delivery);
    const gates = await openGates(this.#tx, this.#planned, this.#options.worker, this.#at);
    const made = await insertRunRows(this.#tx, gates.allowed);
    await this.#finish(handled, made, gates.refused);
    await gates.letIn(made);
    return { made, handled: handled.length };
  }

  /** Closes one that cannot become a run. */
  async drop(delivery: DeliveryRow, because: string): Promise<void> {
    await finishDeliveries(this.#tx, [], [{ delivery, droppedBecause: because }], [this.#droppedEvent(delivery, { because, facts: {} })], this.#at);
  }

  async #planOrDrop(delivery: DeliveryRow): Promise<void> {
    try {
      const dropped = await this.#plan(delivery);
      if (dropped !== null) this.#dropped.set(delivery, dropped);
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      this.#options.log.warn({ err: error, delivery_id: delivery.id }, 'a delivery cannot become a run and is dropped');
      this.#dropped.set(delivery, { because: error.code, facts: {} });
    }
  }

  async #plan(delivery: DeliveryRow): Promise<Dropped | null> {
    if (delivery.is_echo) return { because: 'echo', facts: {} };
    const payload = checkPayload(delivery.payload, delivery.payload_bytes);
    const asked = delivery.source === 'manual' || delivery.source === 'schedule' ? readManualStart(payload) : null;
    const workflows = await this.#activeFor(delivery, asked?.workflow ?? null);
    if (workflows.length === 0) return { because: 'no_workflow', facts: {} };
    const loop = asked === null && delivery.run_per === 'version' ? await findLoop(this.#tx, delivery) : null;
    if (loop !== null) {
      const facts = { instance_id: delivery.instance_id, subject: delivery.subject, ...loop };
      if (loop.tripped) this.#options.log.warn({ delivery_id: delivery.id, ...facts }, 'a record goes round between our writes and another automation: nothing is started for it for a while');
      return { because: 'loop_guard', facts };
    }
    const quota = isOfTheClock(delivery) ? this.#quotas?.usedUp(delivery, workflows.length) ?? null : null;
    if (quota !== null) {
      this.#options.log.warn({ code: 'quota_exceeded', delivery_id: delivery.id, reason: quota.message }, 'what is due by the clock is not started');
      return { because: 'quota_exceeded', facts: { quota: quota.quota, limit: quota.limit, used: quota.used } };
    }
    const runs: NewRun[] = [];
    for (const workflow of workflows) runs.push(await this.#planRun(delivery, workflow, asked?.trigger ?? payload));
    this.#planned.push(...runs);
    this.#quotas?.begin(delivery, runs.length);
    return null;
  }

  async #planRun(delivery: DeliveryRow, workflow: ActiveWorkflow, trigger: JsonObject): Promise<NewRun> {
    const id = newId('run');
    const steps = planSteps(workflow);
    // Whoever sends an event, or starts a run by hand, may pass on what somebody else typed: nothing hidden in it gets into the run.
    const { value, hidden } = cleanJson(trigger);
    const flagged = hasHidden(hidden);
    const limits = limitKeysOf(workflow.definition, { ...delivery, workflow_id: workflow.id }, value);
    const content = await this.#options.contents.seal(delivery.tenant_id, 'trigger', value, flagged ? ['trusted_system', 'hidden_characters'] : ['trusted_system'], this.#at);
    const pins = planPins(workflow, await this.#pinsFor(delivery), await readWorkflowPins(this.#tx, delivery, workflow.definition));
    const created = this.#event(delivery, 'run.created', { kind: 'run', id }, id, {
      workflow: workflow.name, workflow_version: workflow.version, workflow_digest: workflow.digest, delivery_id: delivery.id, trigger_kind: delivery.source,
      trigger_sha256: content.sha256, policy_bundle_seq: pins.policy_bundle_seq ?? null, steps: steps.map((step) => step.key),
      ...(flagged ? { hidden_characters: describeHidden(hidden) } : {}),
    });
    return { id, delivery, workflow, pins, triggerKey: triggerKeyOf(delivery), trigger: content, limits, steps, created };
  }

  async #finish(handled: readonly DeliveryRow[], made: readonly NewRun[], refused: ReadonlyMap<NewRun, Turned>): Promise<void> {
    const started = new Set(made.map((run) => run.delivery));
    const turned = new Map([...refused].map(([run, { because, facts }]) => [run.delivery, { because, facts }]));
    const closed = handled.map((delivery): ClosedDelivery & { dropped: Dropped | null } => {
      const dropped = started.has(delivery) ? null : this.#dropped.get(delivery) ?? turned.get(delivery) ?? { because: 'already_handled', facts: {} };
      return { delivery, droppedBecause: dropped?.because ?? null, dropped };
    });
    const events = [
      ...[...refused].map(([run, { because, facts }]) => this.#event(run.delivery, 'run.not_started', { kind: 'workflow', id: run.workflow.id }, null, { workflow: run.workflow.name, delivery_id: run.delivery.id, because, ...facts })),
      ...closed.flatMap(({ delivery, dropped }) => (dropped === null ? [] : [this.#droppedEvent(delivery, dropped)])),
    ];
    await finishDeliveries(this.#tx, made, closed, events, this.#at);
  }

  #activeFor(delivery: DeliveryRow, name: string | null): Promise<ActiveWorkflow[]> {
    return once(this.#active, [delivery.tenant_id, delivery.environment_id, name ?? '', name === null ? `${delivery.connector}/${delivery.event}` : ''].join(' '), () =>
      (name === null ? findActiveForEvent(this.#tx, delivery) : findActiveByName(this.#tx, delivery, name)));
  }

  #pinsFor(delivery: DeliveryRow): ReturnType<typeof readPins> {
    return once(this.#pins, [delivery.tenant_id, delivery.environment_id, delivery.instance_id].join(' '), () => readPins(this.#tx, delivery));
  }

  #droppedEvent(delivery: DeliveryRow, { because, facts }: Dropped): NewAuditEvent {
    return this.#event(delivery, 'delivery.dropped', { kind: 'delivery', id: delivery.id }, null, { because, ...facts });
  }

  #event(delivery: DeliveryRow, type: NewAuditEvent['type'], subject: NewAuditEvent['subject'], runId: string | null, data: NewAuditEvent['data']): NewAuditEvent {
    return { type, subject, data, run_id: runId, tenant_id: delivery.tenant_id, workspace_id: delivery.workspace_id, actor: { kind: 'worker', id: this.#options.worker } };
  }
}

/** Whoever sends or asks was refused before, over the quota of runs; of what the clock asks for, nobody was asked yet. */
function isOfTheClock({ source }: DeliveryRow): boolean {
  return source === 'schedule';
}

/** Whether a record goes round is counted from what earlier batches have started: of each record, one version at a time. */
function oneVersionEach(deliveries: readonly DeliveryRow[]): DeliveryRow[] {
  const seen = new Set<string>();
  return deliveries.filter(({ run_per, tenant_id, instance_id, subject }) => {
    const record = `${tenant_id}/${instance_id}/${subject}`;
    const again = run_per === 'version' && seen.has(record);
    seen.add(record);
    return !again;
  });
}

function once<V>(known: Map<string, Promise<V>>, key: string, read: () => Promise<V>): Promise<V> {
  const value = known.get(key) ?? read();
  known.set(key, value);
  return value;
}
