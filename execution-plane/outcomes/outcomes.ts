import type { CanonicalAction } from '@countersign/connectors/gateway/canonical-action.ts';
import type { ContentTexts } from '@countersign/connectors/gateway/content-parameters.ts';
import { ONE_CALL } from '@countersign/connectors/gateway/estimate.ts';
import type { Prices } from '@countersign/connectors/gateway/ports.ts';
import { priced } from '@countersign/connectors/gateway/pricing.ts';
import { canonicalBytes, digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { Changes } from '../changes/changes.ts';
import type { Contents } from '../contents/contents.ts';
import { moveRuns } from '../dispatch/move-runs.ts';
import type { Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import type { StepError } from '../engine/step-end.ts';
import type { Tenants } from '../loops/tenants.ts';
import { previewOfAction } from './preview.ts';
import { findClosed, settleByAnswer, wakeWaiting } from './repository-answers.ts';
import type { ClosedQuestion, Said } from './repository-answers.ts';
import { findUnasked, writeQuestion } from './repository-questions.ts';
import type { UnaskedCall } from './repository-questions.ts';

export interface OutcomesOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly keys: Keys;
  readonly contents: Contents;
  readonly prices: Prices;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly worker: string;
}

const BATCH = 50;
/** A weekend and a day. Whoever redrives after that asks anew. */
const QUESTION_TTL_MS = 72 * 3_600_000;

/** What is sealed of an action that was sent. */
interface SentAction { readonly action_text: string; readonly content: ContentTexts }

/**
 * Effects that were sent and that the system of record cannot tell about: people are asked what became of them, and what they say is the
 * outcome of the call. Nothing is sent again before.
 */
export class Outcomes {
  readonly #options: OutcomesOptions;

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  /** Asks what is to be asked, and acts on what was answered. */
  async turn(): Promise<boolean> {
    const { database, tenants } = this.#options;
    const tenantIds = await tenants.ids();
    const unasked = await database.forTenants(tenantIds, (tx) => findUnasked(tx, BATCH));
    for (const call of unasked) await this.#ask(call);
    const closed = await database.forTenants(tenantIds, (tx) => findClosed(tx, BATCH));
    for (const question of closed.filter((one) => one.state === 'answered')) await this.#settle(question);
    await this.#giveUp(closed.filter((one) => one.state !== 'answered').map((one) => ({ tenantId: one.tenant_id, runId: one.waiting_run_id, stepId: one.waiting_step_id, why: NOT_ANSWERED })));
    return unasked.length === BATCH || closed.length === BATCH;
  }

  async #ask(call: UnaskedCall): Promise<void> {
    const { database, keys, contents, clock, changes } = this.#options;
    if (call.action_sealed === null) return this.#giveUp([{ tenantId: call.tenant_id, runId: call.run_id, stepId: call.waiting_step_id, why: NOT_KEPT }]);
    const sent = await contents.open<SentAction>(call.tenant_id, call.action_content_id, call.action_sealed);
    const id = newId('approval');
    const seal = (bytes: Uint8Array): Promise<Uint8Array> => keys.seal(call.tenant_id, 'approval', id, bytes);
    const question = { id, ttlMs: QUESTION_TTL_MS, actionSealed: await seal(Buffer.from(sent.action_text, 'utf8')), previewSealed: await seal(await this.#preview(call, sent)) };
    const asked = await database.forTenant(call.tenant_id, (tx) => writeQuestion(tx, call, question, this.#askedEvent(call, id), clock.now()));
    if (asked?.isNew === true) changes.changed({ tenant_id: call.tenant_id, workspace_id: call.workspace_id, kind: 'approval', id: asked.id, state: 'pending' });
  }

  /** What people saw when they approved it; else what was sent. */
  async #preview(call: UnaskedCall, sent: SentAction): Promise<Uint8Array> {
    if (call.approval_id !== null && call.preview_sealed !== null) return this.#options.keys.unseal(call.tenant_id, 'approval', call.approval_id, call.preview_sealed);
    return canonicalBytes(previewOfAction(JSON.parse(sent.action_text) as CanonicalAction, sent.content));
  }

  #askedEvent(call: UnaskedCall, approvalId: string): NewAuditEvent {
    return {
      type: 'approval.requested', tenant_id: call.tenant_id, workspace_id: call.workspace_id, run_id: call.run_id, actor: { kind: 'worker', id: this.#options.worker },
      subject: { kind: 'approval', id: approvalId },
      data: { approval_kind: 'outcome', step_key: call.step_key, call_key: call.call_key, call_id: call.call_id, action: call.action, action_digest: call.action_digest, required_role: 'approver', required_votes: 1 },
    };
  }

  async #settle(question: ClosedQuestion): Promise<void> {
    const { database, clock, changes } = this.#options;
    const now = clock.now();
    const said = question.answer === 'happened' ? await this.#happened(question, now) : DID_NOT_HAPPEN;
    await database.forTenant(question.tenant_id, async (tx) => {
      const settled = await settleByAnswer(tx, question, said);
      await wakeWaiting(tx, question, settled ? [outcomeEvent(question, said)] : [], now);
    });
    changes.changed({ tenant_id: question.tenant_id, workspace_id: question.waiting_workspace_id, kind: 'run', id: question.waiting_run_id, state: 'running' });
    changes.stepsReady();
  }

  /** The receipt is a person's word: what was written is what was sent, and nobody has read it back. */
  async #happened(question: ClosedQuestion, now: Date): Promise<Said> {
    const { contents, prices } = this.#options;
    const sent = question.action_sealed === null ? null : await contents.open<SentAction>(question.tenant_id, question.action_content_id, question.action_sealed);
    const action = sent === null ? null : JSON.parse(sent.action_text) as CanonicalAction;
    const lists = await prices.rowsFor(question.tenant_id);
    return {
      state: 'succeeded', costs: question.instance_id === null ? [] : [priced(lists, ONE_CALL, now)],
      receipt: {
        target_id: action?.target?.id ?? '', version_before: action?.target?.version ?? null, version_after: null, written_versions: [], fields_written: [],
        verified_by_reading_back: false, said_by: { principal_id: question.said_by ?? '', approval_id: question.approval_id },
      },
    };
  }

  /** Nobody can tell, and nobody has said so: a dead letter. */
  #giveUp(steps: ReadonlyArray<{ readonly tenantId: string; readonly runId: string; readonly stepId: string; readonly why: StepError }>): Promise<void> {
    return moveRuns(this.#options, steps.map((step) => ({ ...step, decide: (run: LockedRun) => givenUp(run, step.stepId, step.why) })));
  }
}

function givenUp(run: LockedRun, stepId: string, why: StepError): Moves | null {
  const step = run.steps.find((candidate) => candidate.id === stepId);
  return step?.state === 'uncertain' ? { steps: [{ id: step.id, from: 'uncertain', to: 'dead', error: why }] } : null;
}

function outcomeEvent(question: ClosedQuestion, said: Said): NewAuditEvent {
  return {
    type: 'call.outcome', tenant_id: question.tenant_id, workspace_id: question.workspace_id, run_id: question.run_id, actor: { kind: 'person', id: question.said_by ?? 'unknown' },
    subject: { kind: 'tool_call', id: question.call_id },
    data: {
      step_key: question.step_key, call_key: question.call_key, state: said.state, said_by_approval: question.approval_id, answer: question.answer, reason_digest: digestOf(question.reason ?? ''),
      ...(said.state === 'failed' ? { error_code: said.error.code } : {}),
    },
  };
}

const DID_NOT_HAPPEN: Said = { state: 'failed', error: { code: 'effect_not_found', message: 'A person looked and says that nothing happened.', retryable: true } };
const NOT_ANSWERED: StepError = { code: 'outcome_unknown', message: 'Nobody could tell whether the effect happened, and nobody who was asked has said so in time. Look at the record, then redrive, which asks again, or cancel.' };
const NOT_KEPT: StepError = { code: 'outcome_unknown', message: 'Nobody can tell whether the effect happened, and what was sent is not kept any more, so that nobody can be asked. Look at the record and start a new run where it is needed.' };
