import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { deadLettersOf, newJob } from '../data/dead-letters.ts';
import { ok, page, problem, type Answer } from './answers.ts';
import type { Handler, Question } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about dead letters and jobs. A job gets one further with every look at it, so that its progress can be seen. */
export const DEAD_LETTER_ROUTES: Record<string, Handler> = {
  'GET /api/v1/dead-letters': ({ world, query }) => page(deadLettersOf(world.runs).filter((one) => fits(one, {
    state: (query.get('state')?.split(',') ?? ['dead']) as Array<'dead' | 'failed'>, ...Object.fromEntries(['workflow', 'environment', 'step', 'uses', 'code', 'since'].map((name) => [name, query.get(name) ?? undefined])),
  })), query),
  'POST /api/v1/dead-letters/redrive': redrive,
  'GET /api/v1/bulk-commands': ({ world, query }) => page(world.jobs, query),
  'GET /api/v1/bulk-commands/{bulk_command_id}': ({ world, params }) => {
    const job = world.jobs.find(({ id }) => id === params['bulk_command_id']);
    if (job === undefined) return problem('not_found', 'There is no such job.');
    goFurther(job);
    return ok(job);
  },
};

function redrive({ world, body }: Question): Answer {
  const { ids, filter, reason } = body as Schemas['NewRedrive'];
  const chosen = deadLettersOf(world.runs).filter((one) => (ids === undefined ? fits(one, filter ?? {}) : ids.includes(one.id)));
  if (chosen.length === 0) return problem('selection_empty', 'Nothing fits any more.');
  for (const { run, id } of chosen) {
    const step = world.runs.find((one) => one.id === run.id)?.steps.find((one) => one.id === id);
    if (step !== undefined) step.state = 'ready';
    world.setRunState(run.id, 'running');
  }
  const job = newJob('redrive', ids === undefined ? { filter } : { ids }, reason, chosen.length);
  world.jobs.unshift(job);
  return { status: 202, body: job };
}

function goFurther(job: Schemas['BulkCommand']): void {
  if (job.state === 'finished') return;
  const now = new Date().toISOString();
  job.started_at ??= now;
  job.done += 1;
  job.state = job.done >= job.total ? 'finished' : 'running';
  if (job.state === 'finished') job.finished_at = now;
}

function fits({ state, run, step_key, uses, error, died_at }: Schemas['DeadLetter'], filter: Schemas['DeadLetterFilter']): boolean {
  const is = (wanted: string | undefined, value: string | undefined): boolean => wanted === undefined || wanted === value;
  return (filter.state ?? ['dead']).includes(state) && is(filter.workflow, run.workflow_name) && is(filter.environment, run.environment) && is(filter.step, step_key) && is(filter.uses, uses)
    && is(filter.code, error?.code) && (filter.since === undefined || Date.parse(died_at) >= Date.parse(filter.since));
}
