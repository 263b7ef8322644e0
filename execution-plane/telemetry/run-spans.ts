import type { RunState } from '@countersign/contracts/states/transitions.ts';
import { timeOfId } from '@countersign/platform/ids/typeid.ts';
import { readTraceparent, spanIdOf, traceIdOf } from '@countersign/platform/telemetry/traceparent.ts';
import type { TraceContext } from '@countersign/platform/telemetry/traceparent.ts';
import type { PastSpan, SpanStart } from '@countersign/platform/telemetry/spans.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';

export interface TracedRun {
  readonly run: { readonly id: string; readonly workflow: string; readonly workflowVersion: number };
  readonly environment: { readonly name: string };
  /** As the event brought it; null where it brought none: then the run's id says which trace is its own. */
  readonly traceparent?: string | null;
}

/**
 * The span of a run lives in as many workers as have a step of it, and is sent by the one that ends it. All know its id: it follows from the
 * run's. Steps are part of it before it is there.
 */
export function runContext({ run, traceparent }: TracedRun): TraceContext {
  const came = readTraceparent(traceparent);
  return { traceId: came?.traceId ?? traceIdOf(run.id), spanId: spanIdOf(run.id), sampled: came?.sampled ?? true };
}

export function runSpan(traced: TracedRun, state: RunState, at: Date): PastSpan {
  const { run, environment, traceparent } = traced;
  const { traceId, spanId } = runContext(traced);
  return {
    name: `run ${run.workflow}`, kind: 'consumer', parent: readTraceparent(traceparent), traceId, spanId, from: timeOfId(run.id), to: at,
    attributes: { 'countersign.run.id': run.id, 'countersign.workflow': run.workflow, 'countersign.workflow.version': run.workflowVersion, 'countersign.environment': environment.name, 'countersign.run.state': state },
    errorCode: state === 'failed' ? 'run_failed' : undefined,
  };
}

/** How long the step waited for a worker, once it could be claimed. */
export function queueSpan(claimed: ClaimedStep, waited_ms: number, at: Date): PastSpan {
  return { name: 'queue', parent: runContext(claimed.facts), from: new Date(at.getTime() - waited_ms), to: at, attributes: { 'countersign.step.id': claimed.stepId, 'countersign.step.key': claimed.key } };
}

export function stepSpan(claimed: ClaimedStep, worker: string): SpanStart {
  const { facts, key, stepId, attempt, fence } = claimed;
  return {
    name: `step ${key}`, kind: 'consumer', parent: runContext(facts),
    attributes: { 'countersign.run.id': facts.run.id, 'countersign.step.id': stepId, 'countersign.step.key': key, 'countersign.step.attempt': attempt, 'countersign.step.fence': fence, 'countersign.worker': worker },
  };
}
