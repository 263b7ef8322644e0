import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';

const CONSOLE = 'http://localhost:8080';
let sandbox: RunningSandbox;

beforeAll(async () => { sandbox = await startSandbox({ incidents: 20, consoleOrigin: CONSOLE }); });
afterAll(() => sandbox.stop());

const ask = (method: string, origin: string | null, body?: unknown): Promise<Response> => fetch(`${sandbox.url}/sandbox/tickets`, {
  method, headers: { ...(origin === null ? {} : { origin }), 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

it('lets the console raise a ticket and see it first in the list', async () => {
  const raised = await ask('POST', CONSOLE, { short_description: 'VPN drops', description: 'since today' });
  expect(raised.status).toBe(201);
  expect(raised.headers.get('access-control-allow-origin')).toBe(CONSOLE);
  const { tickets } = await (await ask('GET', CONSOLE)).json() as { tickets: Array<Record<string, string>> };
  expect(tickets).toHaveLength(21);
  expect(tickets[0]).toMatchObject({ short_description: 'VPN drops', state: 'New', category: '', assignment_group: '' });
});

it('answers the browser\'s question before it', async () => {
  const preflight = await ask('OPTIONS', CONSOLE);
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type');
});

it('takes nobody else without credentials', async () => {
  for (const origin of [null, 'http://evil.example', 'http://localhost:80800']) {
    const answer = await ask('POST', origin, {});
    expect(answer.status).toBe(401);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
});

it('names the field that is wrong', async () => {
  const answer = await ask('POST', CONSOLE, { count: 0 });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('count must be');
});
