import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { MAX_WAIT_MS } from '@countersign/contracts/workflow/definition.ts';
import { allOf } from '@countersign/platform/expressions/labels.ts';
import type { Labelled } from '@countersign/platform/expressions/labels.ts';
import type { StepEnd, Waiting } from '../engine/step-end.ts';
import { ExecutionError } from '../errors.ts';

/** `transform`: what it was given is what it gives, and every part keeps where it came from. */
export function transformed({ value, labels }: Labelled): StepEnd {
  return { to: 'succeeded', output: value as JsonObject, labels: allOf(labels), parts: labels };
}

/** `wait`: until a moment, or for a while from now. The row keeps when; no worker does. @throws ExecutionError `wait_invalid` */
export function waiting({ value }: Labelled): Waiting {
  const { for_ms, until } = value as JsonObject;
  if (typeof for_ms === 'number' && Number.isInteger(for_ms) && for_ms >= 0 && for_ms <= MAX_WAIT_MS) return { to: 'waiting', approvalId: null, delayMs: for_ms };
  if (typeof until === 'string' && MOMENT.test(until) && !Number.isNaN(Date.parse(until))) return { to: 'waiting', approvalId: null, wakeAt: new Date(until).toISOString() };
  throw new ExecutionError('wait_invalid', for_ms === undefined
    ? '"until" must be a moment with its zone (RFC 3339), such as 2027-01-31T08:00:00Z.'
    : `"for_ms" must be whole milliseconds from 0 to ${MAX_WAIT_MS}.`);
}

/** RFC 3339, with a zone: a moment without one would mean another time in each cell. */
const MOMENT = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;
