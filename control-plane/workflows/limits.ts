import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import type { ConcurrencyLimit, RateLimit, WorkflowDefinition } from '@countersign/contracts/workflow/definition.ts';
import { CronError, readTimeTable } from '@countersign/platform/clock/cron.ts';
import { ExpressionError } from '@countersign/platform/expressions/errors.ts';
import { parseTemplate } from '@countersign/platform/expressions/template.ts';
import { conditionOf } from './expressions.ts';
import type { WorkflowDocument } from './workflow-document.ts';
import type { Path, YamlSource } from './yaml-source.ts';

type Limits = Pick<WorkflowDefinition, 'concurrency' | 'rate' | 'priority'>;

/** What is wrong with the time table of the trigger, and with the keys that limits count by. */
export function checkScheduleAndLimits({ spec }: WorkflowDocument, source: YamlSource): FieldProblem[] {
  return [
    ...(typeof spec.trigger === 'object' && 'schedule' in spec.trigger ? checkSchedule(spec.trigger.schedule, source) : []),
    ...checkKey(spec.concurrency?.key, ['spec', 'concurrency', 'key'], source),
    ...checkKey(spec.rate?.key, ['spec', 'rate', 'key'], source),
  ];
}

function checkSchedule({ cron, time_zone }: { readonly cron: string; readonly time_zone?: string }, source: YamlSource): FieldProblem[] {
  try {
    readTimeTable(cron, time_zone ?? DEFAULT_TIME_ZONE);
    return [];
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    const field = error.code === 'time_zone_unknown' ? 'time_zone' : 'cron';
    return [source.problem(['spec', 'trigger', 'schedule', field], error.code, error.message)];
  }
}

/** A key is made when the run is: nothing but its trigger is known by then. */
function checkKey(key: string | undefined, path: Path, source: YamlSource): FieldProblem[] {
  if (key === undefined) return [];
  try {
    const { references } = parseTemplate(key);
    if (conditionOf(key) === null) return [source.problem(path, 'limit_key_invalid', 'A key is exactly one expression over the trigger: ${{ trigger.<field> }}.')];
    const foreign = references.find(([root]) => root !== 'trigger')?.join('.');
    return foreign === undefined ? [] : [source.problem(path, 'limit_key_invalid', `A key is made before the run begins: it can use trigger.<field>, not ${foreign}.`, { expression: foreign })];
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [source.problem(path, error.code, error.message, { expression: error.expression, position: error.position })];
  }
}

export const DEFAULT_TIME_ZONE = 'UTC';

/** The trigger as runs read it. */
export function triggerOf({ trigger }: WorkflowDocument['spec']): WorkflowDefinition['trigger'] {
  if (typeof trigger !== 'object' || !('schedule' in trigger)) return trigger;
  const { cron, time_zone = DEFAULT_TIME_ZONE, catch_up = 'latest' } = trigger.schedule;
  return { schedule: { cron: cron.trim().replace(/\s+/g, ' '), time_zone, catch_up } };
}

export function limitsOf({ concurrency, rate, priority }: WorkflowDocument['spec']): Limits {
  return {
    ...(concurrency === undefined ? {} : { concurrency: { ...keyOf(concurrency.key), limit: concurrency.limit, on_conflict: concurrency.on_conflict ?? 'queue' } satisfies ConcurrencyLimit }),
    ...(rate === undefined ? {} : { rate: { ...keyOf(rate.key), count: rate.count, per_ms: rate.per_ms } satisfies RateLimit }),
    ...(priority === undefined ? {} : { priority }),
  };
}

/** The CEL without its braces; the text was checked before. */
function keyOf(text: string | undefined): { key?: string } {
  const key = text === undefined ? null : conditionOf(text);
  return key === null ? {} : { key };
}
