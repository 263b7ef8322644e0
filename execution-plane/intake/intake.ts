import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { cleanJson, describeHidden, hasHidden } from '@countersign/platform/text-safety/clean-json.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import { readWorkflowPins } from '../children/repository-workflows.ts';
import type { Changes } from '../changes/changes.ts';
import type { Contents } from '../contents/contents.ts';
import type { Tenants } from '../loops/tenants.ts';
import { findLoop } from './loop-guard.ts';
import type { LoopFound } from './loop-guard.ts';
import { isPassing } from './passing-faults.ts';
import { isObject, planPins, planSteps, readManualStart, triggerKeyOf } from './plan-run.ts';
import { closeDeliveryRow, findAccepted, findActiveByName, findActiveForEvent, insertRunRow, insertStepRows, lockDelivery, readPins } from './queries.ts';
import type { ActiveWorkflow, DeliveryRow } from './queries.ts';
import { ExecutionError } from '../errors.ts';

export interface IntakeOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly contents: Contents;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
}

const BATCH = 50;

/** Makes runs of accepted deliveries: each in one transaction that also says what became of the delivery, so it happens once. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Handles what has been accepted. Gives whether there may be more. */
  async turn(): Promise<boolean> {
    const { database, tenants } = this.#options;
    const found = await database.forTenants(await tenants.ids(), (tx) => findAccepted(tx, BATCH));
    for (const { tenant_id, id } of found) await this.#handle(tenant_id, id);
    return found.length === BATCH;
  }

  async #handle(tenantId: string, deliveryId: string): Promise<void> {
    const { database, changes, log } = this.#options;
    try {
      const runIds = await database.forTenant(tenantId, (tx) => this.#start(tx, tenantId, deliveryId));
      for (const id of runIds) changes.changed({ tenant_id: tenantId, kind: 'run', id, state: 'queued' });
      if (runIds.length > 0) changes.stepsReady();
    } catch (error) {
      if (isPassing(error)) throw error;
      // A delivery that cannot become a run never will: it is dropped with a reason, not tried for ever.
      log.error({ err: error, delivery_id: deliveryId }, 'a delivery could not become a run and is dropped');
      await database.forTenant(tenantId, (tx) => this.#dropPoison(tx, tenantId, deliveryId, error));
    }
  }

  async #start(tx: Transaction, tenantId: string, deliveryId: string): Promise<string[]> {
    const delivery = await lockDelivery(tx, tenantId, deliveryId);
    if (delivery === undefined) return [];
    if (delivery.is_echo) return this.#drop(tx, delivery, 'echo');
    if (!isObject(delivery.payload)) throw new ExecutionError('delivery_unreadable', 'The payload is not an object.');

    const manual = delivery.source === 'manual' ? readManualStart(delivery.payload) : null;
    const workflows = manual === null ? await findActiveForEvent(tx, delivery) : await findActiveByName(tx, delivery, manual.workflow);
    if (workflows.length === 0) return this.#drop(tx, delivery, 'no_workflow');
    const loop = manual === null && delivery.run_per === 'version' ? await findLoop(tx, delivery) : null;
    if (loop !== null) return this.#stop(tx, delivery, loop);

    const started: string[] = [];
    for (const workflow of workflows) {
      const runId = await this.#createRun(tx, delivery, workflow, manual === null ? delivery.payload : manual.trigger);
      if (runId !== null) started.push(runId);
    }
    if (started.length === 0) return this.#drop(tx, delivery, 'already_handled');
    await closeDeliveryRow(tx, tenantId, delivery.id, null, [], this.#options.clock.now());
    return started;
  }

  async #createRun(tx: Transaction, delivery: DeliveryRow, workflow: ActiveWorkflow, trigger: JsonObject): Promise<string | null> {
    const { contents, clock } = this.#options;
    const id = newId('run');
    const steps = planSteps(workflow);
    // Whoever sends an event, or starts a run by hand, may pass on what somebody else typed: nothing hidden in it gets into the run.
    const { value, hidden } = cleanJson(trigger);
    const flagged = hasHidden(hidden);
    const content = await contents.seal(delivery.tenant_id, 'trigger', value, flagged ? ['trusted_system', 'hidden_characters'] : ['trusted_system'], clock.now());
    const pins = planPins(workflow, await readPins(tx, delivery), await readWorkflowPins(tx, delivery, workflow.definition));
    const isNew = await insertRunRow(tx, { id, delivery, workflow, pins, triggerKey: triggerKeyOf(delivery), trigger: content });
    if (!isNew) return null;
    const created = this.#event(delivery, 'run.created', { kind: 'run', id }, id, {
      workflow: workflow.name, workflow_version: workflow.version, workflow_digest: workflow.digest, delivery_id: delivery.id, trigger_kind: delivery.source,
      trigger_sha256: content.sha256, policy_bundle_seq: pins.policy_bundle_seq ?? null, steps: steps.map((step) => step.key),
      ...(flagged ? { hidden_characters: describeHidden(hidden) } : {}),
    });
    await insertStepRows(tx, delivery.tenant_id, id, steps, [content], [created], clock.now());
    return id;
  }

  async #stop(tx: Transaction, delivery: DeliveryRow, loop: LoopFound): Promise<[]> {
    if (loop.tripped) this.#options.log.warn({ delivery_id: delivery.id, instance_id: delivery.instance_id, subject: delivery.subject, ...loop }, 'a record goes round between our writes and another automation: nothing is started for it for a while');
    return this.#drop(tx, delivery, 'loop_guard', { instance_id: delivery.instance_id, subject: delivery.subject, ...loop });
  }

  async #drop(tx: Transaction, delivery: DeliveryRow, because: string, facts: NewAuditEvent['data'] = {}): Promise<[]> {
    const event = this.#event(delivery, 'delivery.dropped', { kind: 'delivery', id: delivery.id }, null, { because, ...facts });
    await closeDeliveryRow(tx, delivery.tenant_id, delivery.id, because, [event], this.#options.clock.now());
    return [];
  }

  async #dropPoison(tx: Transaction, tenantId: string, deliveryId: string, error: unknown): Promise<void> {
    const delivery = await lockDelivery(tx, tenantId, deliveryId);
    if (delivery) await this.#drop(tx, delivery, error instanceof ExecutionError ? error.code : 'not_startable');
  }

  #event(delivery: DeliveryRow, type: NewAuditEvent['type'], subject: NewAuditEvent['subject'], runId: string | null, data: NewAuditEvent['data']): NewAuditEvent {
    return { type, subject, data, run_id: runId, tenant_id: delivery.tenant_id, workspace_id: delivery.workspace_id, actor: { kind: 'worker', id: this.#options.worker } };
  }
}
