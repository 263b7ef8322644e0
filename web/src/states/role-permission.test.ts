import { describe, expect, it } from 'vitest';
import { allOf, given, mayCall } from './role-permission.ts';

describe('mayCall', () => {
  it('allows whom the table allows', () => {
    expect(mayCall('putBudget', ['viewer', 'admin'], 'Setting a budget')).toEqual({ allowed: true });
    expect(mayCall('getMe', [], 'Reading')).toEqual({ allowed: true });
  });
  it('names the roles that it takes, and one’s own', () => {
    expect(mayCall('cancelRun', ['viewer'], 'Cancelling')).toEqual({ allowed: false, because: 'Cancelling takes the role operator or admin; your role is viewer.' });
    expect(mayCall('putBudget', [], 'Setting a budget')).toEqual({ allowed: false, because: 'Setting a budget takes the role admin; your roles are none.' });
  });
});

it('the first reason against counts', () => {
  expect(allOf(given(true, 'a'), given(false, 'b'), given(false, 'c'))).toEqual({ allowed: false, because: 'b' });
  expect(allOf(given(true, 'a'))).toEqual({ allowed: true });
});
