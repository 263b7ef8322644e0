import { expect, test } from 'vitest';
import { loggedError } from './logged-error.ts';

test('an error is logged with its code and stack, and without headers and bodies that may repeat a credential', () => {
  const answer = { 'x-echo': 'Bearer xapp-1-recognisable' };
  const error = Object.assign(new Error('statusCode = 403'), { code: 'slack_webapi_http_error', statusCode: 403, headers: answer, body: 'xapp-1-recognisable', data: answer, response: { headers: answer }, original: answer });
  const logged = loggedError(error);
  expect(logged).toMatchObject({ type: 'Error', message: 'statusCode = 403', code: 'slack_webapi_http_error', statusCode: 403, stack: expect.stringContaining('logged-error.test') as string });
  expect(JSON.stringify(logged)).not.toContain('recognisable');
});
