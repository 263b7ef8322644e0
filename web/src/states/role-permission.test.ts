import { describe, expect, it } from 'vitest';
import { allOf, given, mayCall } from './role-permission.ts';

describe('mayCall', () => {
  it('allows whom the table allows', () => {
    expect(mayCall('putBudget', { roles: ['viewer', 'admin'] }, 'Setting a budget')).toEqual({ allowed: true });
    expect(mayCall('getMe', undefined, 'Reading')).toEqual({ allowed: true });
  });
  it('goes by the permissions of whoever asks, whichever role of the tenant’s own they come with', () => {
    expect(mayCall('cancelRun', { roles: [], permissions: ['runs:control'] }, 'Cancelling')).toEqual({ allowed: true });
    expect(mayCall('cancelRun', { roles: ['operator'], permissions: ['runs:read'] }, 'Cancelling').allowed).toBe(false);
  });
  it('names the roles that it takes, and one’s own', () => {
    expect(mayCall('cancelRun', { roles: ['viewer'] }, 'Cancelling')).toEqual({ allowed: false, because: 'Cancelling takes the role operator or admin; your role is viewer.' });
    expect(mayCall('putBudget', { roles: [] }, 'Setting a budget')).toEqual({ allowed: false, because: 'Setting a budget takes the role admin; your roles are none.' });
  });
});

it('the first reason against counts', () => {
  expect(allOf(given(true, 'a'), given(false, 'b'), given(false, 'c'))).toEqual({ allowed: false, because: 'b' });
  expect(allOf(given(true, 'a'))).toEqual({ allowed: true });
});
