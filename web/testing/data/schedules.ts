import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';
import type { Run } from './runs.ts';

type Schedule = components['schemas']['Schedule'];

const HOUR_MS = 3_600_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

/** One that is due, one that is paused, one that was never due. */
export function schedules(runs: readonly Run[]): Schedule[] {
  const base: Schedule = {
    id: idOf('schedule', 'morning'), workflow_id: idOf('workflow', 'incident-triage'), workflow_name: 'incident-triage', workflow_version: 3, environment: 'prod', enabled: true, cron: '0 6 * * 1-5', time_zone: 'Asia/Tokyo', catch_up: 'latest',
    next_due_at: at(5 * HOUR_MS), last: { due_at: at(-19 * HOUR_MS), started_at: at(-19 * HOUR_MS + 400), run_id: runs.find(({ state }) => state === 'succeeded')?.id ?? null, run_state: 'succeeded', skipped: 2 }, paused_at: null, paused_by: null, paused_by_name: null, pause_reason: null,
  };
  return runs.length === 0 ? [] : [
    base,
    { ...base, id: idOf('schedule', 'night'), workflow_name: 'classifier-training', workflow_version: 1, cron: '30 2 * * *', time_zone: 'Europe/Berlin', catch_up: 'skip', next_due_at: null, paused_at: at(-HOUR_MS), paused_by: idOf('principal', 'owner'), paused_by_name: 'Cell owner', pause_reason: 'The model is being measured' },
    { ...base, id: idOf('schedule', 'off'), environment: 'staging', enabled: false, next_due_at: null, last: null, catch_up: 'all', time_zone: 'Etc/UTC' },
  ];
}
