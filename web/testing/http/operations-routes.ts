import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { boardOf, queuesOf, timelineOf } from '../data/operations.ts';
import { ok, problem, type Answer } from './answers.ts';
import type { Handler } from './question.ts';
import type { World } from './world.ts';

type Schemas = components['schemas'];

/** What the stand-in answers to operators. Nothing is measured: the figures are made of the made-up runs. */
export const OPERATIONS_ROUTES: Record<string, Handler> = {
  'GET /api/v1/operations/queues': ({ world }) => ok(queuesOf(world.runs)),
  'GET /api/v1/operations/board': ({ world, query }) => ok(boardOf(Number(query.get('minutes') ?? '15'), world.runs.length > 0)),
  'GET /api/v1/runs/{run_id}/timeline': ({ world, params }) => {
    const run = world.runs.find(({ id }) => id === params['run_id']);
    return run === undefined ? problem('not_found', `There is no run ${params['run_id']}.`) : ok({ ...timelineOf(run) });
  },
  'GET /api/v1/schedules': ({ world }) => ok({ items: world.schedules }),
  'POST /api/v1/schedules/{schedule_id}/pause': ({ world, params, body }) => hold(world, params['schedule_id'] ?? '', { paused_at: new Date().toISOString(), paused_by: idOf('principal', 'owner'), paused_by_name: 'Cell owner', pause_reason: (body as Schemas['Reason']).reason, next_due_at: null }),
  'POST /api/v1/schedules/{schedule_id}/resume': ({ world, params }) => hold(world, params['schedule_id'] ?? '', { paused_at: null, paused_by: null, paused_by_name: null, pause_reason: null, next_due_at: new Date(Date.now() + 3_600_000).toISOString() }),
  'GET /api/v1/saved-views': ({ world }) => ok({ items: world.savedViews }),
  'POST /api/v1/saved-views': ({ world, body }) => {
    const { name, filters, shared = false } = body as Schemas['NewSavedView'];
    const now = new Date().toISOString();
    const made: Schemas['SavedView'] = { id: idOf('saved_view', name), name, filters, shared, owner_id: idOf('principal', 'owner'), owner_name: 'Cell owner', mine: true, created_at: now, updated_at: now };
    world.savedViews.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/saved-views/{view_id}': ({ world, params, body }) => {
    const found = world.savedViews.find(({ id }) => id === params['view_id']);
    return found === undefined ? problem('not_found', 'There is no such view.') : ok(Object.assign(found, body));
  },
  'DELETE /api/v1/saved-views/{view_id}': ({ world, params }) => {
    world.savedViews.splice(world.savedViews.findIndex(({ id }) => id === params['view_id']), 1);
    return { status: 204 };
  },
};

function hold(world: World, id: string, change: Partial<Schemas['Schedule']>): Answer {
  const found = world.schedules.find((one) => one.id === id);
  return found === undefined ? problem('not_found', 'There is no such schedule.') : ok(Object.assign(found, change));
}
