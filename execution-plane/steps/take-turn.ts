import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Gateway } from '@countersign/connectors/gateway/ports.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { ExpressionError } from '@countersign/platform/expressions/errors.ts';
import { evaluateCondition } from '@countersign/platform/expressions/expression.ts';
import type { ExpressionContext } from '@countersign/platform/expressions/expression.ts';
import { evaluateWithLabels } from '@countersign/platform/expressions/labels.ts';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import { endOfCall, endOfFailure } from '../engine/step-end.ts';
import type { StepEnd, Turn } from '../engine/step-end.ts';
import { ExecutionError } from '../errors.ts';
import { askModels } from './ask-models.ts';
import { MODEL_STEP, resolveCall } from './resolve-call.ts';
import type { RunContext } from './run-context.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';

export interface TurnOptions {
  readonly gateway: Gateway;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly random: number;
}

/**
 * One turn with a leased step: condition, parameters, call, and what became of it as an end of the step. Gives an end for whatever
 * goes wrong with the step; only a lost lease is thrown on, because then there is nothing left to say.
 *
 * @throws StaleLeaseError
 */
export async function takeTurn(claimed: ClaimedStep, loadContext: () => Promise<RunContext>, options: TurnOptions): Promise<StepEnd> {
  const definition = claimed.facts.definition.steps.find((step) => step.id === claimed.key);
  if (definition === undefined) return { to: 'dead', error: { code: 'internal', message: `The workflow of this run has no step ${claimed.key}.` } };
  const turn: Turn = { attempt: claimed.attempt, maxAttempts: claimed.maxAttempts, retry: definition.retry, random: options.random };
  try {
    return await callFor(claimed, definition, await loadContext(), turn, options);
  } catch (error) {
    if (error instanceof StaleLeaseError) throw error;
    options.log.error({ err: error, run_id: claimed.facts.run.id, step: claimed.key }, 'a step could not be run');
    return endOfError(error, turn);
  }
}

async function callFor(claimed: ClaimedStep, definition: StepDefinition, context: RunContext, turn: Turn, { gateway, signal }: TurnOptions): Promise<StepEnd> {
  const expressions = context.expressionContext();
  if (definition.if !== null && !evaluateCondition(definition.if, expressions)) return { to: 'skipped' };
  const parameters = evaluateWithLabels(definition.with, expressions, (path) => context.labelsOf(path));
  if (definition.uses === MODEL_STEP) {
    return endOfCall(await askModels(definition, claimed.facts, parameters, { gateway, signal, identity: (callKey) => identityOf(claimed, callKey) }), turn);
  }
  const call = resolveCall(definition, claimed.facts, parameters);
  const idempotencyKey = keyFor(definition, context, expressions);
  return endOfCall(await gateway.call({ identity: identityOf(claimed, 'main'), signal, idempotencyKey, ...call }), turn);
}

/** The key that the workflow gives the effect, or null. Whether two effects are the same one is nothing that a model may decide. */
function keyFor(definition: StepDefinition, context: RunContext, expressions: ExpressionContext): string | null {
  if (definition.idempotency_key === undefined) return null;
  const { value, labels } = evaluateWithLabels(definition.idempotency_key, expressions, (path) => context.labelsOf(path));
  if (Object.values(labels).flat().some((label) => label.startsWith('model_output'))) {
    throw new ExecutionError('idempotency_key_invalid', `The idempotency_key of the step ${definition.id} refers to what a model answered. Build it from the trigger and from systems of record.`);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function identityOf(claimed: ClaimedStep, callKey: string): CallIdentity {
  const { tenant, workspace, environment, run } = claimed.facts;
  return { tenant, workspace, environment, run, step: { id: claimed.stepId, key: claimed.key, attempt: claimed.attempt, fence: claimed.fence }, callKey };
}

/** An expression or a shredded content will not mend itself; anything else may (a database that was away or slow), so it is tried again. */
function endOfError(error: unknown, turn: Turn): StepEnd {
  if (error instanceof ExpressionError) return { to: 'dead', error: { code: 'expression_failed', message: error.message } };
  if (error instanceof ExecutionError || error instanceof KeysError) return endOfFailure({ code: error.code, message: error.message, retryable: error.code === 'situation_unknown' }, turn);
  return endOfFailure({ code: 'internal', message: 'The worker could not run this step. The log of the worker says why.', retryable: true }, turn);
}
