import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { CallError, CallRequest, Gateway } from '@countersign/connectors/gateway/ports.ts';
import { MAP, TRANSFORM, WAIT, workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { definitionOf, itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import { ExpressionError } from '@countersign/platform/expressions/errors.ts';
import { evaluateCondition } from '@countersign/platform/expressions/expression.ts';
import type { ExpressionContext } from '@countersign/platform/expressions/expression.ts';
import { evaluateWithLabels } from '@countersign/platform/expressions/labels.ts';
import type { Labelled } from '@countersign/platform/expressions/labels.ts';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import { endOfFailure, endOfUnknown } from '../engine/step-end.ts';
import type { StepEnd, Turn } from '../engine/step-end.ts';
import { engineOf } from '../engine/versions.ts';
import { ExecutionError } from '../errors.ts';
import { askModels } from './ask-models.ts';
import { MODEL_STEP, resolveCall } from './resolve-call.ts';
import { transformed, waiting } from './plain-kinds.ts';
import type { ItemScope, RunContext } from './run-context.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';

/** An end, and what must be written in the very transaction that writes it; not where another end is written instead. */
export type TakenTurn = StepEnd & { readonly alongside?: (tx: Transaction, at: Date) => Promise<void> };

/** What steps begin that lives longer than their turn: the items of a map, and the run of another workflow. */
export interface Flows {
  /** What the steps of an item see of it. */
  itemOf(claimed: ClaimedStep): Promise<ItemScope>;
  /** Plans the items; or, where they are planned, gathers what became of them. */
  map(claimed: ClaimedStep, definition: StepDefinition, parameters: () => Labelled): Promise<TakenTurn>;
  /** Starts the run; or, where it is started, gathers what became of it. */
  startWorkflow(claimed: ClaimedStep, name: string, parameters: () => Labelled): Promise<TakenTurn>;
  /** Told when a run that a step started has ended here: its parent need not wait until somebody looks. */
  childEnded(): void;
}

export interface TurnOptions {
  readonly gateway: Gateway;
  readonly flows: Flows;
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
export async function takeTurn(claimed: ClaimedStep, loadContext: () => Promise<RunContext>, options: TurnOptions): Promise<TakenTurn> {
  const definition = definitionOf(claimed.facts.definition, claimed.key);
  if (definition === undefined) return { to: 'dead', error: { code: 'internal', message: `The workflow of this run has no step ${claimed.key}.` } };
  const turn: Turn = { attempt: claimed.attempt, maxAttempts: claimed.maxAttempts, retry: definition.retry, random: options.random };
  try {
    const context = await loadContext();
    const scoped = itemKeyOf(claimed.key) === null ? context : context.forItem(await options.flows.itemOf(claimed));
    return await endFor(claimed, definition, scoped, turn, options);
  } catch (error) {
    if (error instanceof StaleLeaseError) throw error;
    options.log.error({ err: error, run_id: claimed.facts.run.id, step: claimed.key }, 'a step could not be run');
    return endOfError(error, turn, mayHaveSent(definition, options.gateway));
  }
}

async function endFor(claimed: ClaimedStep, definition: StepDefinition, context: RunContext, turn: Turn, options: TurnOptions): Promise<TakenTurn> {
  const expressions = context.expressionContext();
  if (definition.if !== null && !evaluateCondition(definition.if, expressions)) return { to: 'skipped' };
  const parameters = (): Labelled => evaluateWithLabels(definition.with, expressions, (path) => context.labelsOf(path));
  const started = workflowStartedBy(definition.uses);
  if (started !== null) return options.flows.startWorkflow(claimed, started, parameters);
  switch (definition.uses) {
    case MAP: return options.flows.map(claimed, definition, parameters);
    case WAIT: return waiting(parameters());
    case TRANSFORM: return transformed(parameters());
    default: return callFor(claimed, definition, parameters(), () => keyFor(definition, context, expressions), turn, options);
  }
}

async function callFor(claimed: ClaimedStep, definition: StepDefinition, parameters: Labelled, key: () => string | null, turn: Turn, { gateway, signal }: TurnOptions): Promise<StepEnd> {
  const { endOfCall } = engineOf(claimed.facts.engineVersion);
  if (definition.uses === MODEL_STEP) {
    return endOfCall(await askModels(definition, claimed.facts, parameters, { gateway, signal, identity: (callKey) => identityOf(claimed, callKey) }), turn);
  }
  const call = resolveCall(definition, claimed.facts, parameters);
  return endOfCall(await gateway.call({ identity: identityOf(claimed, 'main'), signal, idempotencyKey: key(), ...onlyFindOut(claimed), ...call }), turn);
}

/** An effect of unknown outcome is found out about in any case; where nothing new is to begin, it ends there. */
function onlyFindOut({ cancelling, overdue, attempt, maxAttempts }: ClaimedStep): Pick<CallRequest, 'onlyFindOut'> {
  if (cancelling === true) return { onlyFindOut: 'run_cancelled' };
  if (overdue === true) return { onlyFindOut: 'deadline_exceeded' };
  return attempt > maxAttempts ? { onlyFindOut: 'attempts_exhausted' } : {};
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

/** An expression or a shredded content will not mend itself; anything else may (a database or a root key that was away or slow), so it is tried again. */
function endOfError(error: unknown, turn: Turn, mayHaveSent: boolean): StepEnd {
  if (error instanceof ExpressionError) return { to: 'dead', error: { code: 'expression_failed', message: error.message } };
  const isAway = error instanceof KeysError && error.code === 'kek_unreachable';
  if (!isAway && (error instanceof ExecutionError || error instanceof KeysError)) return endOfFailure({ code: error.code, message: error.message, retryable: error.code === 'situation_unknown' }, turn);
  const fault: CallError = isAway ? { code: error.code, message: error.message, retryable: true } : { code: 'internal', message: 'The worker could not run this step. The log of the worker says why.', retryable: true };
  // The intent may have been committed, and the effect sent: nothing but finding out about it ends the step.
  return mayHaveSent && turn.attempt <= turn.maxAttempts ? endOfUnknown(fault, turn) : endOfFailure(fault, turn);
}

/** Whether the step makes a call that changes something. Of a connector without code, nobody here knows. */
function mayHaveSent({ uses }: StepDefinition, gateway: Gateway): boolean {
  if (uses === MODEL_STEP || uses === MAP || uses === WAIT || uses === TRANSFORM || workflowStartedBy(uses) !== null) return false;
  const [connector = '', action = ''] = uses.split('/');
  const manifest = gateway.manifests().find((one) => one.name === connector);
  return manifest?.actions[action]?.risk !== 'read';
}
