import { PRICE_TABLE } from '@countersign/contracts/prices/price-table.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { ActionResult, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { createActionContext } from './action-context.ts';
import type { ContextOfOneCall } from './action-context.ts';
import { endedBy } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import { callErrorOf } from './failures.ts';
import { ApprovalNotUsableError } from './ports.ts';
import type { CallResult, DecisionRecord, Outcome } from './ports.ts';
import { priced } from './pricing.ts';
import { redacted } from './redact.ts';

type Settled = Outcome extends infer Each ? (Each extends unknown ? Omit<Each, 'durationMs' | 'requestDigest' | 'responseDigest'> : never) : never;

/** Intent, effect, outcome: in this order, each committed before the next. */
export async function carryOut(parts: GatewayParts, call: Call, plan: PlannedAction, decision: DecisionRecord): Promise<CallResult> {
  if (call.request.signal.aborted) throw endedBy({ code: 'call_aborted', message: `${call.request.action} was stopped before anything was sent.`, retryable: true });
  const callId = await commitIntent(parts, call, plan, decision);
  const context = createActionContext(parts, call, { follows: null, actionDigest: plan.digest });
  const started = performance.now();
  const settled = await execute(parts, call, plan, context);
  await parts.store.commitOutcome(call.request.identity, callId, {
    ...settled,
    durationMs: Math.round(performance.now() - started),
    requestDigest: context.exchanges.requestDigest(),
    responseDigest: context.exchanges.responseDigest(),
  });
  switch (settled.state) {
    case 'succeeded': return { kind: 'succeeded', callId, output: settled.output, outputLabels: call.manifest.output_labels, receipt: settled.receipt };
    case 'failed': return { kind: 'failed', error: settled.error };
    case 'uncertain': return { kind: 'uncertain', callId, error: settled.error };
  }
}

async function commitIntent(parts: GatewayParts, call: Call, plan: PlannedAction, decision: DecisionRecord): Promise<string> {
  const { identity } = call.request;
  try {
    const { callId } = await parts.store.commitIntent(identity, decision, {
      action: plan.action,
      actionText: plan.text,
      content: plan.content,
      actionDigest: plan.digest,
      risk: call.manifest.risk,
      connectorVersion: call.connector.manifest.version,
      instanceId: call.instance.id,
      idempotencyKey: digestOf({ run_id: identity.run.id, step_key: identity.step.key, call_key: identity.callKey, action_digest: plan.digest }),
      consumeApprovalId: decision.approvalId,
    });
    return callId;
  } catch (error) {
    if (!(error instanceof ApprovalNotUsableError)) throw error;
    // Withdrawn or expired between reading and using it: the next attempt sees what it is now.
    throw endedBy({ code: 'approval_not_usable', message: error.message, retryable: true, retryAfterMs: 100 });
  }
}

async function execute(parts: GatewayParts, call: Call, plan: PlannedAction, context: ContextOfOneCall): Promise<Settled> {
  try {
    const result = await call.action.execute(context.actionContext, plan.parameters, plan.prepared);
    context.rethrowFault();
    return accepted(parts, call, context, result);
  } catch (error) {
    context.rethrowFault();
    const described = callErrorOf(parts.log, call, error);
    return { state: mayHaveHappened(call, context, error) ? 'uncertain' : 'failed', error: described };
  } finally {
    await context.end();
  }
}

/** An answer that breaks the manifest is no success; whether the effect happened is then for the system of record to say. */
function accepted(parts: GatewayParts, call: Call, context: ContextOfOneCall, result: ActionResult): Settled {
  const problem = outputProblem(parts, call, result.output);
  if (problem !== null) {
    throw new ConnectorError({
      code: 'response_invalid', message: `The output of ${call.request.action} does not fit its manifest: ${problem}.`,
      effect: call.changesSomething ? 'unknown' : 'none', retryable: call.changesSomething,
    });
  }
  const usage = [...(context.exchanges.count() > 0 ? [{ meter: 'connector.call', quantity: 1, unit: 'call' }] : []), ...(result.usage ?? [])];
  return { state: 'succeeded', output: redacted(result.output, call.manifest.redact), receipt: result.receipt ?? null, costs: usage.map((used) => priced(PRICE_TABLE.rows, used, parts.clock.now())) };
}

export function outputProblem(parts: GatewayParts, call: Call, output: JsonObject): string | null {
  return parts.schemas.outputProblem(call.connector.manifest.name, call.actionName, output);
}

/**
 * Whether a failed write may have had its effect. The connector's word counts only where it makes things worse: an error that claims no
 * effect is not believed when a changing request was sent and not clearly refused, and a bug proves nothing at all.
 */
function mayHaveHappened(call: Call, context: ContextOfOneCall, error: unknown): boolean {
  if (!call.changesSomething) return false;
  if (!(error instanceof ConnectorError)) return true;
  return error.effect === 'unknown' || context.exchanges.mayHaveChangedSomething();
}
