import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { Priority, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseExpression } from '@countersign/platform/expressions/expression.ts';
import { ExpressionError } from '@countersign/platform/expressions/errors.ts';
import { ExecutionError } from '../errors.ts';

/** Where limits of a workflow are counted: runs of the same workflow in another environment are not theirs. */
export interface Gate {
  readonly tenant_id: string;
  readonly environment_id: string;
  readonly workflow_id: string;
}

/** What the limits of a run count it by. The empty string: there is no such limit. */
export interface LimitKeys {
  readonly concurrency_key: string;
  readonly rate_key: string;
}

export const NO_LIMITS: LimitKeys = { concurrency_key: '', rate_key: '' };

/**
 * The keys of a run with this trigger. They are digests: what a key is made of is content, which is not kept in the clear.
 * @throws ExecutionError `limit_key_failed` where the trigger lacks what a key is made of
 */
export function limitKeysOf({ concurrency, rate }: WorkflowDefinition, gate: Gate, trigger: JsonObject): LimitKeys {
  return {
    concurrency_key: concurrency === undefined ? '' : keyOf('concurrency', concurrency.key, gate, trigger),
    rate_key: rate === undefined ? '' : keyOf('rate', rate.key, gate, trigger),
  };
}

export function isLimited({ concurrency_key, rate_key }: LimitKeys): boolean {
  return concurrency_key !== '' || rate_key !== '';
}

const RANKS: Readonly<Record<Priority, number>> = { high: 1, normal: 2, low: 3 };

/** As the column has it: what is first in the order goes first. */
export function rankOf({ priority = 'normal' }: WorkflowDefinition): number {
  return RANKS[priority];
}

function keyOf(limit: string, key: string | undefined, { environment_id, workflow_id }: Gate, trigger: JsonObject): string {
  return digestOf({ limit, environment_id, workflow_id, value: key === undefined ? null : valueOf(limit, key, trigger) });
}

function valueOf(limit: string, key: string, trigger: JsonObject): Json {
  try {
    return parseExpression(key).evaluate({ trigger, steps: {}, run: {} });
  } catch (cause) {
    if (!(cause instanceof ExpressionError)) throw cause;
    throw new ExecutionError('limit_key_failed', `The key of the ${limit} limit, ${key}, cannot be made of this trigger. Name a field that every trigger has, or give it a default: has(trigger.x) ? trigger.x : ''.`, { cause });
  }
}
