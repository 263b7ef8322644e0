import { expect, test } from 'vitest';
import { clickerOf } from './clicker.ts';
import type { SlackBody } from './clicker.ts';

const USER = { id: 'U1', team_id: 'T1', name: 'alex' };

test.each<[string, SlackBody, string, boolean]>([
  ['a click in a workspace', { team: { id: 'T1' }, user: USER, enterprise: null, is_enterprise_install: false }, 'T1', false],
  ['a click in a workspace of an organisation, installed in the workspace', { team: { id: 'T1' }, user: USER, enterprise: { id: 'E1' }, is_enterprise_install: false }, 'T1', false],
  ['a click in an organisation, installed for all of it', { team: null, user: USER, enterprise: { id: 'E1' }, is_enterprise_install: true }, 'E1', true],
  ['a command, whose fields are texts', { team_id: 'T1', enterprise_id: 'E1', is_enterprise_install: 'true', user_id: 'U1', user_name: 'alex' }, 'E1', true],
  ['a command in a workspace', { team_id: 'T1', is_enterprise_install: 'false', user_id: 'U1', user_name: 'alex' }, 'T1', false],
])('%s', (_name, body, installation, wholeEnterprise) => {
  expect(clickerOf(body)).toMatchObject({ installation, wholeEnterprise, userId: 'U1', userName: 'alex' });
});

test.each<[string, SlackBody]>([
  ['nobody', { team: { id: 'T1' } }],
  ['nowhere', { user: USER }],
  ['an organisation that is not named', { team: { id: 'T1' }, user: USER, is_enterprise_install: true }],
])('%s is nobody who can be known', (_name, body) => {
  expect(clickerOf(body)).toBeNull();
});
