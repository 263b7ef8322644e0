import { BudgetExceededError, isPassing, PriceUnknownError } from '@countersign/connectors/gateway/budget.ts';
import { ApprovalNotUsableError, StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { ApprovalInHand, ApprovalRequest, DecisionRecord, EffectKey, ExistingEffect, GatewayStore, Intent, Outcome } from '@countersign/connectors/gateway/ports.ts';
import type { CanonicalAction } from '@countersign/connectors/gateway/canonical-action.ts';
import type { ContentTexts } from '@countersign/connectors/gateway/content-parameters.ts';
import type { JsonObject, Prepared } from '@countersign/connectors/sdk/connector.ts';
import { InstanceBusyError } from '@countersign/connectors/gateway/concurrency.ts';
import { canonicalBytes, canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { Changes } from '../changes/changes.ts';
import type { Contents } from '../contents/contents.ts';
import { ExecutionError } from '../errors.ts';
import { budgetRefused, budgetWarning, callEvent, decisionEvent, intentEvent, outcomeEvent } from './audit-call.ts';
import { readTightestBudget } from './repository-budgets.ts';
import { readApprovalInHand, readNewestEffect, writeIntent, writeOutcome, writeReplay } from './repository-calls.ts';
import { isHeld, linkApprovalToStep, writeApproval, writeDecision } from './repository-decisions.ts';
import type { LoggedDecision } from './repository-decisions.ts';
import { hasFreeSlot } from './repository-concurrency.ts';
import { readPreviousAnswer } from './repository-model-changes.ts';
import { appendEvents } from './repository-events.ts';

export interface GatewayStoreOptions {
  readonly database: Database;
  readonly keys: Keys;
  readonly contents: Contents;
  readonly clock: Clock;
  readonly changes: Changes;
  /** Who writes, for the audit. */
  readonly worker: string;
}

/** What is sealed of an action: its canonical text, and the free texts that it binds by digest. */
type SealedAction = { readonly action_text: string; readonly content: ContentTexts };
type SealedPreview = Pick<Prepared, 'preview' | 'target'> & { readonly content: ContentTexts };

/** The gateway's records on Postgres: each commit is one transaction with the fence in it and the audit event of what it says. */
export class PostgresGatewayStore implements GatewayStore {
  readonly #options: GatewayStoreOptions;
  /** Calls under way that only read: what they give ends up in the output of the step, and is not kept a second time. */
  readonly #reads = new Set<string>();

  constructor(options: GatewayStoreOptions) {
    this.#options = options;
  }

  /** The call was intended elsewhere, and only reads. */
  noteRead(callId: string): void {
    this.#reads.add(callId);
  }

  async findEffect(call: CallIdentity, key: EffectKey | null): Promise<ExistingEffect | null> {
    const { database, contents } = this.#options;
    const row = await database.forTenant(call.tenant.id, (tx) => readNewestEffect(tx, call, key));
    if (row === undefined) return null;
    const { action_text: actionText, content } = await contents.open<SealedAction>(call.tenant.id, row.action_content_id, row.action_sealed);
    return {
      callId: row.id, runId: row.run_id, ofThisCall: row.of_this_call, parametersDigest: row.parameters_digest, state: row.state, intendedMsAgo: row.intended_ms_ago, actionText, content, actionDigest: row.action_digest, risk: row.risk, receipt: row.receipt,
      output: row.output_content_id === null ? null : await contents.open<JsonObject>(call.tenant.id, row.output_content_id, row.output_sealed),
      target: (JSON.parse(actionText) as CanonicalAction).target,
    };
  }

  async findApproval(call: CallIdentity): Promise<ApprovalInHand | null> {
    const { database, keys } = this.#options;
    const row = await database.forTenant(call.tenant.id, (tx) => readApprovalInHand(tx, call));
    if (row === undefined) return null;
    const open = async (sealed: Uint8Array | null): Promise<string> => {
      if (sealed === null) throw new ExecutionError('content_shredded', `What the approval ${row.id} was about is not kept any more: its retention is over. Start a new run.`);
      return Buffer.from(await keys.unseal(call.tenant.id, 'approval', row.id, sealed)).toString('utf8');
    };
    const { preview, target, content } = JSON.parse(await open(row.preview_sealed)) as SealedPreview;
    return {
      id: row.id, state: row.state, reusable: row.reusable, actionDigest: row.action_digest, actionText: await open(row.action_sealed), content, preview, target,
      tier: row.tier, requestedBy: row.requested_by, votes: row.votes,
    };
  }

  async commitDecision(call: CallIdentity, decision: DecisionRecord): Promise<void> {
    const { database, clock, worker } = this.#options;
    const logged = await this.logged(call, decision);
    await database.forTenant(call.tenant.id, async (tx) => {
      if (!await writeDecision(tx, call, logged, [decisionEvent(call, worker, decision)], clock.now())) throw stale(call);
    });
  }

  async commitApprovalRequest(call: CallIdentity, decision: DecisionRecord, request: ApprovalRequest): Promise<{ approvalId: string }> {
    const { database, keys, clock, worker, changes } = this.#options;
    const id = newId('approval');
    const seal = (bytes: Uint8Array): Promise<Uint8Array> => keys.seal(call.tenant.id, 'approval', id, bytes);
    const sealed = {
      id, request,
      actionSealed: await seal(Buffer.from(canonicalText(request.action), 'utf8')),
      previewSealed: await seal(canonicalBytes({ preview: request.preview, target: request.target, content: request.content } satisfies SealedPreview)),
    };
    const logged = await this.logged(call, decision);
    const approval = await database.forTenant(call.tenant.id, async (tx) => {
      const written = await writeApproval(tx, call, logged, sealed);
      if (!written.held) throw stale(call);
      const asked = callEvent(call, worker, 'approval.requested', { kind: 'approval', id: written.id }, {
        action: decision.action, action_digest: request.actionDigest, target_id: request.target.id, tier: request.tier, required_role: request.requiredRole,
        required_votes: request.requiredVotes, expires_at: request.expiresAt.toISOString(), decision_id: decision.id,
        ...(request.signIn === null ? {} : { min_strength: request.signIn.minStrength, max_sign_in_age_ms: request.signIn.maxAgeMs }),
      });
      await linkApprovalToStep(tx, call, written.id, [decisionEvent(call, worker, decision), ...(written.isNew ? [asked] : [])], clock.now());
      return written;
    });
    if (approval.isNew) changes.changed({ tenant_id: call.tenant.id, workspace_id: call.workspace.id, kind: 'approval', id: approval.id, state: 'pending' });
    return { approvalId: approval.id };
  }

  async commitIntent(call: CallIdentity, decision: DecisionRecord, intent: Intent): Promise<{ callId: string }> {
    const { database, contents, clock, worker, changes } = this.#options;
    const callId = newId('tool_call');
    const approvalId = intent.consumeApprovalId;
    const now = clock.now();
    const action = await contents.seal(call.tenant.id, 'action', { action_text: intent.actionText, content: intent.content } satisfies SealedAction, [], now);
    const logged = await this.logged(call, decision);
    const events = [
      decisionEvent(call, worker, decision),
      ...(approvalId === null ? [] : [callEvent(call, worker, 'approval.state_changed', { kind: 'approval', id: approvalId }, { from: 'approved', to: 'consumed', action_digest: intent.actionDigest, call_id: callId })]),
      intentEvent(call, worker, callId, decision, intent),
    ];
    const refused = await database.forTenant(call.tenant.id, async (tx) => {
      if (intent.concurrency !== null && intent.instanceId !== null && !await hasFreeSlot(tx, call, intent.instanceId, intent.concurrency)) throw new InstanceBusyError(intent.concurrency);
      const written = await writeIntent(tx, call, callId, logged, intent, action, events, now);
      if (!written.held) throw stale(call);
      if (approvalId !== null && !written.consumed) throw new ApprovalNotUsableError(approvalId);
      if (written.budgeted && intent.estimate.unpriced.length > 0) throw new PriceUnknownError(intent.estimate.unpriced);
      if (!written.hasRoom) throw new NoRoom();
      await appendEvents(tx, written.crossed.map((account) => budgetWarning(call, worker, account)), now);
    }).catch((error: unknown) => {
      if (error instanceof NoRoom) return error;
      throw error;
    });
    if (refused instanceof NoRoom) throw await this.#refusedByBudget(call, logged, intent);
    if (approvalId !== null) changes.changed({ tenant_id: call.tenant.id, workspace_id: call.workspace.id, kind: 'approval', id: approvalId, state: 'consumed' });
    if (intent.risk === 'read' || intent.risk === 'model') this.#reads.add(callId);
    return { callId };
  }

  async commitOutcome(call: CallIdentity, callId: string, outcome: Outcome, key: EffectKey | null = null): Promise<void> {
    const { database, contents, clock, worker } = this.#options;
    const now = clock.now();
    const reads = this.#reads.delete(callId);
    const kept = outcome.state === 'succeeded' && !reads
      ? await contents.seal(call.tenant.id, 'output', outcome.output, [], now) : null;
    const event = outcomeEvent(call, worker, callId, outcome);
    await database.forTenant(call.tenant.id, async (tx) => {
      const written = await writeOutcome(tx, call, callId, outcome, key, kept, key === null ? [event] : [], now);
      const { held, ended, crossed } = written;
      if (!held || ended === null) throw stale(call);
      // Found out about under its key: the event is of the run whose call it is.
      const ofOwner = key === null ? [] : [{ ...event, run_id: ended.run_id, data: { ...event.data, step_key: ended.step_key, call_key: ended.call_key, found_by_run_id: call.run.id } }];
      await appendEvents(tx, [...ofOwner, ...crossed.map((account) => budgetWarning(call, worker, account)), ...await this.#modelChange(tx, call, callId, outcome)], now);
    });
  }

  async proveHeld(call: CallIdentity): Promise<void> {
    if (!await this.#options.database.forTenant(call.tenant.id, (tx) => isHeld(tx, call))) throw stale(call);
  }

  async commitReplay(call: CallIdentity, { callId, runId, actionDigest }: Pick<ExistingEffect, 'callId' | 'runId' | 'actionDigest'>, key: EffectKey): Promise<void> {
    const { database, clock, worker } = this.#options;
    const event = callEvent(call, worker, 'call.replayed', { kind: 'tool_call', id: callId }, {
      action: key.action, idempotency_key: key.text, parameters_digest: key.parametersDigest, replayed_from_call_id: callId, replayed_from_run_id: runId, action_digest: actionDigest,
    });
    await database.forTenant(call.tenant.id, async (tx) => {
      if (!await writeReplay(tx, call, [event], clock.now())) throw stale(call);
    });
  }

  /** One event for each change of what answers under a name: compared with the answer before, the first one with what was asked for. */
  async #modelChange(tx: Transaction, call: CallIdentity, callId: string, { model }: Outcome): Promise<NewAuditEvent[]> {
    if (model === undefined || model.observed === null) return [];
    const before = await readPreviousAnswer(tx, call.tenant.id, callId, model.requested);
    const isChange = before.observed === null ? model.model_changed === true : before.observed !== model.observed;
    if (!isChange || before.instance_id === null) return [];
    return [callEvent(call, this.#options.worker, 'model.changed', { kind: 'instance', id: before.instance_id }, {
      call_id: callId, requested: model.requested, observed: model.observed, previously_observed: before.observed, is_what_was_asked_for: model.model_changed === null ? null : !model.model_changed,
    })];
  }

  /** The input is content: it is sealed before the transaction, and where content is not kept it is not stored at all. */
  async logged(call: CallIdentity, decision: DecisionRecord): Promise<LoggedDecision> {
    const { contents } = this.#options;
    const inputSealed = await contents.isKeptForRunsOnly(call.tenant.id) ? null : await contents.sealBytes(call.tenant.id, decision.id, Buffer.from(decision.inputText, 'utf8'));
    return { decision, inputSealed };
  }

  /** Nothing was intended. A refusal that lasts is recorded with the decision that it follows; one that passes is tried again within seconds. */
  async #refusedByBudget(call: CallIdentity, logged: LoggedDecision, intent: Intent): Promise<BudgetExceededError> {
    const { database, clock, worker } = this.#options;
    const estimateUsd = intent.estimate.amountUsd;
    return database.forTenant(call.tenant.id, async (tx) => {
      const account = await readTightestBudget(tx, call);
      // Removed since: the next attempt goes through.
      if (account === undefined) return new BudgetExceededError({ kind: 'month', period: 'removed', limitUsd: estimateUsd, spentUsd: '0', reservedUsd: '0', estimateUsd });
      const error = new BudgetExceededError({ kind: account.kind, period: account.period, limitUsd: account.limit_usd, spentUsd: account.spent_usd, reservedUsd: account.reserved_usd, estimateUsd });
      const events = [decisionEvent(call, worker, logged.decision), budgetRefused(call, worker, logged.decision, error.refusal)];
      if (!isPassing(error.refusal) && !await writeDecision(tx, call, logged, events, clock.now())) throw stale(call);
      return error;
    });
  }
}

/** Rolls the intent back. */
class NoRoom extends Error {}

function stale(call: CallIdentity): StaleLeaseError {
  return new StaleLeaseError(call.step.id, call.step.fence);
}
