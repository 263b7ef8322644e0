import { expect, it } from 'vitest';
import { homeOnly } from './home-only.ts';

const WORKSPACES = [{ id: 'wsp_it', name: 'IT operations', is_home: true }, { id: 'wsp_hr', name: 'HR service', is_home: false }];

it('the home workspace is where the whole tenant is ruled; elsewhere it is said where', () => {
  expect(homeOnly(WORKSPACES, 'wsp_it')).toEqual({ allowed: true });
  expect(homeOnly(WORKSPACES, 'wsp_hr')).toEqual({ allowed: false, because: 'This concerns the whole tenant: choose its home workspace, IT operations, in the menu of your account.' });
});

it('who does not see the home workspace is told so without its name, and what is not known is left to the server', () => {
  expect(homeOnly(WORKSPACES.slice(1), 'wsp_hr')).toEqual({ allowed: false, because: 'This concerns the whole tenant: choose its home workspace in the menu of your account.' });
  expect(homeOnly([], 'wsp_hr')).toEqual({ allowed: true });
  expect(homeOnly(WORKSPACES, undefined)).toEqual({ allowed: true });
});
