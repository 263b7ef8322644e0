import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { EffectExistsError } from '@countersign/connectors/gateway/ports.ts';
import type { ApprovalInHand, ApprovalRequest, DecisionRecord, EffectKey, ExistingEffect, GatewayStore, Intent, Outcome } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { auditRows } from '../audit/events.ts';
import type { Contents } from '../contents/contents.ts';
import { decisionEvent, intentEvent, outcomeEvent } from '../store/audit-call.ts';
import type { PostgresGatewayStore } from '../store/postgres-gateway-store.ts';
import type { RunJournal } from './journal.ts';
import type { Journals } from './journals.ts';
import type { Holder } from './part.ts';

export interface JournalledStoreOptions {
  /** For what is not plain, and for calls of steps without a journal. */
  readonly store: PostgresGatewayStore;
  readonly journals: Journals;
  readonly contents: Contents;
  readonly clock: Clock;
  /** Who writes, for the audit. */
  readonly worker: string;
}

interface RunCalls {
  /** Calls that steps have begun: nothing earlier can have, where the fence is the step's first. */
  readonly begun: Set<string>;
  /** Those whose intent is in no budget. */
  readonly plain: Map<string, { readonly changesSomething: boolean }>;
}

/**
 * The gateway's records as part of the journal of the run that they belong to. An intent is committed before this resolves, together with what the
 * run noted before it; an outcome is noted, and commits with what follows. Approvals, budgets, limits and replays have transactions of their
 * own, after what was noted is committed.
 */
export class JournalledStore implements GatewayStore {
  readonly #options: JournalledStoreOptions;
  /** What is remembered of the calls of a run while this worker has it. */
  readonly #calls = new WeakMap<RunJournal, RunCalls>();

  constructor(options: JournalledStoreOptions) {
    this.#options = options;
  }

  async findEffect(call: CallIdentity, key: EffectKey | null): Promise<ExistingEffect | null> {
    const journal = this.#options.journals.of(call);
    if (journal !== null && key === null && this.#isFirst(journal, call)) return null;
    await journal?.flush();
    return this.#options.store.findEffect(call, key);
  }

  async findApproval(call: CallIdentity): Promise<ApprovalInHand | null> {
    const journal = this.#options.journals.of(call);
    if (journal !== null && this.#isFirst(journal, call)) return null;
    await journal?.flush();
    return this.#options.store.findApproval(call);
  }

  async commitDecision(call: CallIdentity, decision: DecisionRecord): Promise<void> {
    const { journals, store, clock, worker } = this.#options;
    const journal = journals.of(call);
    if (journal === null) return store.commitDecision(call, decision);
    const { inputSealed } = await store.logged(call, decision);
    journal.note({ holder: holderOf(call), expected: null, rows: { decisions: [{ call, decision, inputSealed }], events: auditRows([decisionEvent(call, worker, decision)], clock.now()) } });
  }

  async commitApprovalRequest(call: CallIdentity, decision: DecisionRecord, request: ApprovalRequest): Promise<{ approvalId: string }> {
    const journal = this.#options.journals.of(call);
    await journal?.flush();
    this.#begin(journal, call);
    return this.#options.store.commitApprovalRequest(call, decision, request);
  }

  async commitIntent(call: CallIdentity, decision: DecisionRecord, intent: Intent): Promise<{ callId: string }> {
    const { journals, store, contents, clock, worker } = this.#options;
    const journal = journals.of(call);
    if (journal === null || !isPlain(intent)) {
      await journal?.flush();
      this.#begin(journal, call);
      return store.commitIntent(call, decision, intent);
    }
    const callId = newId('tool_call');
    const now = clock.now();
    const action = await contents.seal(call.tenant.id, 'action', { action_text: intent.actionText, content: intent.content }, [], now);
    const { inputSealed } = await store.logged(call, decision);
    const events = auditRows([decisionEvent(call, worker, decision), intentEvent(call, worker, callId, decision, intent)], now);
    const result = await journal.commit({
      holder: holderOf(call), expected: null,
      rows: { decisions: [{ call, decision, inputSealed }], contents: [action], intents: [{ call, callId, intent, decision, actionContentId: action.id }], events },
    });
    if (result.kind === 'refused') throw violates(result.error, 'one_effect_per_idempotency_key') ? new EffectExistsError(intent.idempotencyKey) : result.error;
    this.#begin(journal, call);
    this.#callsOf(journal).plain.set(callId, { changesSomething: intent.risk === 'write' || intent.risk === 'destructive' });
    return { callId };
  }

  async commitOutcome(call: CallIdentity, callId: string, outcome: Outcome, key: EffectKey | null = null): Promise<void> {
    const { journals, store, contents, clock, worker } = this.#options;
    const journal = journals.of(call);
    const plain = journal === null ? undefined : this.#callsOf(journal).plain.get(callId);
    if (journal === null || plain === undefined || !isFree(outcome) || outcome.model !== undefined || key !== null) {
      await journal?.flush();
      if (plain?.changesSomething === false) store.noteRead(callId);
      return store.commitOutcome(call, callId, outcome, key);
    }
    const now = clock.now();
    const output = outcome.state === 'succeeded' && plain.changesSomething ? await contents.seal(call.tenant.id, 'output', outcome.output, [], now) : null;
    if (outcome.state === 'succeeded' && output !== null) journal.keepOutput(outcome.output, output);
    const versions = outcome.state === 'succeeded' ? outcome.receipt?.written_versions ?? [] : [];
    journal.note({
      holder: holderOf(call), expected: null,
      rows: {
        contents: output === null ? [] : [output],
        outcomes: [{ call, callId, outcome, outputContentId: output?.id ?? null }],
        written: [...new Set(versions)].map((dedupeKey) => ({ tenantId: call.tenant.id, callId, dedupeKey })),
        costs: (outcome.costs ?? []).map((line) => ({ ...line, id: newId('cost_line'), call, callId })),
        events: auditRows([outcomeEvent(call, worker, callId, outcome)], now),
      },
    });
  }

  proveHeld(call: CallIdentity): Promise<void> {
    return this.#options.store.proveHeld(call);
  }

  async commitReplay(call: CallIdentity, effect: Pick<ExistingEffect, 'callId' | 'runId' | 'actionDigest'>, key: EffectKey): Promise<void> {
    await this.#options.journals.of(call)?.flush();
    return this.#options.store.commitReplay(call, effect, key);
  }

  /** The step was never claimed before, and this is its first call under this key. */
  #isFirst(journal: RunJournal, call: CallIdentity): boolean {
    return call.step.fence === '1' && !this.#callsOf(journal).begun.has(nameOf(call));
  }

  #begin(journal: RunJournal | null, call: CallIdentity): void {
    if (journal !== null) this.#callsOf(journal).begun.add(nameOf(call));
  }

  #callsOf(journal: RunJournal): RunCalls {
    const calls = this.#calls.get(journal) ?? { begun: new Set(), plain: new Map() };
    this.#calls.set(journal, calls);
    return calls;
  }
}

function holderOf({ tenant, run, step }: CallIdentity): Holder {
  return { tenantId: tenant.id, runId: run.id, stepId: step.id, fence: step.fence };
}

function nameOf({ step, callKey }: CallIdentity): string {
  return `${step.id}/${callKey}`;
}

/** Nothing of it depends on rows that others hold: no approval is used, no limit counted, no budget reserved. */
function isPlain({ consumeApprovalId, concurrency, estimate }: Intent): boolean {
  return consumeApprovalId === null && concurrency === null && estimate.unpriced.length === 0 && Number(estimate.amountUsd) === 0;
}

/** What costs nothing is in no budget. */
function isFree({ costs = [] }: Outcome): boolean {
  return costs.every(({ amount_usd }) => Number(amount_usd) === 0);
}
