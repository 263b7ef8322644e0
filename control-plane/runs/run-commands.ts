import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import type { IntakeQuota } from '../tenancy/intake-quota.ts';
import { findActive, findRedrivable, findRequest, insertCommand, insertManualDelivery, rememberRequest, stepsUnderWay } from './queries.ts';
import type { RunRow } from './queries.ts';
import { runOf } from './runs.ts';

const ENDED = ['succeeded', 'failed', 'cancelled'];

const REQUESTED = { cancel: 'run.cancel_requested', redrive: 'run.redrive_requested', pause: 'run.pause_requested', resume: 'run.resume_requested' } as const;
type CommandKind = keyof typeof REQUESTED;

export interface RunCommandsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly intake: Pick<IntakeQuota, 'refuseOver'>;
}

type DeliveryAccepted = components['schemas']['DeliveryAccepted'];

/** What a person asks of runs. Asked here, durable, and carried out by a worker. */
export class RunCommands {
  readonly #parts: RunCommandsParts;

  constructor(parts: RunCommandsParts) {
    this.#parts = parts;
  }

  /** Starting by hand is a delivery like any other: a worker makes the run from it. */
  async startRun(call: Call<'startRun'>): Promise<Answer<'startRun'>> {
    const { principal } = call;
    await this.#parts.intake.refuseOver(principal.tenantId, principal.workspaceId);
    const accepted = await this.#parts.database.forTenant(principal.tenantId, (tx) => this.#start(tx, call));
    if (!accepted.duplicate) this.#parts.notifier.deliveries();
    return { status: 202, body: accepted };
  }

  /** The answer says what is under way as it is asked for; the worker that carries it out writes what really could not be stopped into the run. */
  async cancelRun({ principal, path, body, requestId }: Call<'cancelRun'>): Promise<Answer<'cancelRun'>> {
    let not_stopped: components['schemas']['NotStopped'][] = [];
    const accepted = await this.#command('cancel', principal, path.run_id, body.reason, requestId, async (tx, run) => {
      if (ENDED.includes(run.state)) throw new ApiError('run_not_cancellable', `The run is ${run.state}.`);
      not_stopped = await tx.rows<components['schemas']['NotStopped']>(stepsUnderWay, [principal.tenantId, run.id]);
    });
    return { status: 202, body: { ...accepted, not_stopped } };
  }

  async redriveRun({ principal, path, body, requestId }: Call<'redriveRun'>): Promise<Answer<'redriveRun'>> {
    return { status: 202, body: await this.#command('redrive', principal, path.run_id, body.reason, requestId, async (tx, run) => {
      const { redrivable } = await tx.one<{ redrivable: boolean }>(findRedrivable, [principal.tenantId, run.id]);
      if (!redrivable) throw new ApiError('run_not_redrivable', `The run is ${run.state} and has no dead or failed step.`);
    }) };
  }

  async pauseRun({ principal, path, body, requestId }: Call<'pauseRun'>): Promise<Answer<'pauseRun'>> {
    return { status: 202, body: await this.#command('pause', principal, path.run_id, body.reason, requestId, async (_tx, run) => {
      if (ENDED.includes(run.state) || run.state === 'cancelling') throw new ApiError('run_not_pausable', `The run is ${run.state}.`);
      if (run.paused_at !== null) throw new ApiError('run_not_pausable', 'The run is paused already.');
    }) };
  }

  async resumeRun({ principal, path, body, requestId }: Call<'resumeRun'>): Promise<Answer<'resumeRun'>> {
    return { status: 202, body: await this.#command('resume', principal, path.run_id, body.reason, requestId, async (_tx, run) => {
      if (run.paused_at === null) throw new ApiError('run_not_paused', `The run is ${run.state} and not paused.`);
    }) };
  }

  async #command(kind: CommandKind, principal: Principal, runId: string, reason: string, requestId: string, check: (tx: Transaction, run: RunRow) => Promise<void>): Promise<components['schemas']['CommandAccepted']> {
    if (reason.trim() === '') throw new ApiError('request_invalid', 'A reason is needed.', { errors: [{ field: '/reason', code: 'required', message: 'Say why, in a sentence.' }] });
    const id = newId('command');
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const run = await runOf(tx, principal, runId);
      await check(tx, run);
      await tx.change(insertCommand, [principal.tenantId, id, runId, kind, reason, principal.id]);
      // The worker audits what became of it; here is who asked. Reasons are what people typed, so the trail keeps their digest.
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: REQUESTED[kind], tenant_id: principal.tenantId,
        workspace_id: principal.workspaceId, run_id: runId, actor: actorOf(principal), subject: { kind: 'run', id: runId },
        data: { command_id: id, reason_digest: digestOf(reason), request_id: requestId },
      });
    });
    this.#parts.notifier.commands();
    return { command_id: id, request_id: requestId };
  }

  async #start(tx: Transaction, { principal, body, headers, requestId }: Call<'startRun'>): Promise<DeliveryAccepted> {
    const { tenantId, workspaceId } = principal;
    const environment = body.environment ?? 'prod';
    const payload = { workflow: body.workflow, environment, trigger: body.trigger };
    const id = newId('delivery');
    const answer: DeliveryAccepted = { delivery_id: id, duplicate: false, dropped_because: null, request_id: requestId };

    const key = headers['idempotency-key'];
    const before = key === undefined ? null : await firstAnswer(tx, principal, key, digestOf(payload), answer);
    if (before !== null) return { ...before, duplicate: true, request_id: requestId };

    const active = await tx.maybeOne<{ workflow_id: string; environment_id: string; enabled: boolean | null }>(findActive, [tenantId, workspaceId, body.workflow, environment]);
    if (active === undefined || active.enabled !== true) {
      throw new ApiError('workflow_not_active', `${environment} runs no enabled version of a workflow named "${body.workflow}".`);
    }
    await tx.change(insertManualDelivery, [tenantId, id, workspaceId, active.environment_id, active.workflow_id, body.workflow, JSON.stringify(payload), principal.id]);
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'delivery.accepted', tenant_id: tenantId, workspace_id: workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'delivery', id }, data: { event: 'manual', workflow: body.workflow, environment, payload_digest: digestOf(payload), request_id: requestId },
    });
    return answer;
  }
}

/** The answer to the first request with this key, or null when this is the first. Two at once wait for each other in the database. */
async function firstAnswer(tx: Transaction, principal: Principal, key: string, requestDigest: string, answer: DeliveryAccepted): Promise<DeliveryAccepted | null> {
  const owner = [principal.tenantId, principal.id, key];
  if (await tx.change(rememberRequest, [...owner, 'startRun', requestDigest, 202, JSON.stringify(answer)]) === 1) return null;
  const first = await tx.one<{ route: string; request_sha256: string; response_body: DeliveryAccepted }>(findRequest, owner);
  if (first.route !== 'startRun' || first.request_sha256 !== requestDigest) throw new ApiError('idempotency_key_reused', 'This Idempotency-Key came before with another request.');
  return first.response_body;
}
