import { expect, it } from 'vitest';
import { pauseOrResume, whyNotDue } from './schedule-permission.ts';

const AT = '2026-11-21T12:00:00.000Z';
const SCHEDULE = { paused_at: null, enabled: true, next_due_at: AT, environment: 'prod' as const };

it('offers what is possible, to who may', () => {
  expect(pauseOrResume({ paused_at: null }, { roles: ['operator'] })).toEqual({ act: 'pause', permission: { allowed: true } });
  expect(pauseOrResume({ paused_at: AT }, { roles: ['viewer'] })).toEqual({ act: 'resume', permission: { allowed: false, because: 'Resuming takes the role operator or admin; your role is viewer.' } });
});

it('says why there is no next time', () => {
  expect(whyNotDue(SCHEDULE)).toBeNull();
  expect(whyNotDue({ ...SCHEDULE, next_due_at: null, paused_at: AT })).toBe('Not while it is paused');
  expect(whyNotDue({ ...SCHEDULE, next_due_at: null, enabled: false, paused_at: AT })).toBe('Never: the workflow is not active in prod');
  expect(whyNotDue({ ...SCHEDULE, next_due_at: null })).toBe('Never again');
});
