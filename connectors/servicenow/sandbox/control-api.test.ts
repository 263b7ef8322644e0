/** The strings behind the stage: faults, the request journal, tickets, reset. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LoggedRequest } from './request-log.ts';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';
import { INTEGRATION, call } from './testing/client.ts';

let sandbox: RunningSandbox;
let url: string;
let path: string;

beforeEach(async () => {
  sandbox = await startSandbox({ incidents: 10 });
  url = sandbox.url;
  const { body } = await call(url, '/api/now/table/incident', { as: INTEGRATION, json: { short_description: 'x' } });
  path = `/api/now/table/incident/${body.result['sys_id']}`;
});

afterEach(() => sandbox.stop());

const fault = (order: unknown) => call(url, '/sandbox/faults', { json: order });
const note = (text: string) => call(url, path, { method: 'PATCH', as: INTEGRATION, json: { work_notes: text } });
const notes = () => sandbox.store.rowsWhere('sys_journal_field', 'element_id', path.split('/').at(-1) ?? '').map((entry) => entry['value']);
const requests = async () => (await call<{ requests: LoggedRequest[] }>(url, '/sandbox/requests')).body.requests;

describe('faults', () => {
  test('the connection is cut before the effect: nothing was written', async () => {
    await fault({ kind: 'drop', method: 'PATCH', table: 'incident' });
    await expect(note('a')).rejects.toThrow();
    expect(notes()).toEqual([]);
    expect((await requests()).at(-1)).toMatchObject({ method: 'PATCH', status: null, effect: false, fault: 'drop' });
    expect((await note('b')).status).toBe(200);
  });

  test('the answer is lost after the effect: it was written', async () => {
    await fault({ kind: 'drop_after_effect', method: 'PATCH' });
    await expect(note('a')).rejects.toThrow();
    expect(notes()).toEqual(['a']);
    expect((await requests()).at(-1)).toMatchObject({ status: null, effect: true, fault: 'drop_after_effect', user: 'countersign.integration' });
  });

  test('a proxy answers in HTML instead, before or after the effect, as often as told', async () => {
    await fault({ kind: 'answer', status: 503, body: '<html>hibernating</html>', times: 2, user: 'countersign.integration' });
    expect(await note('a')).toMatchObject({ status: 503, text: '<html>hibernating</html>' });
    expect((await call(url, path)).status).toBe(200);
    expect((await note('a')).status).toBe(503);
    expect(notes()).toEqual([]);
    await fault({ kind: 'answer_after_effect', method: 'PATCH' });
    const replaced = await note('b');
    expect([replaced.status, replaced.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(notes()).toEqual(['b']);
  });

  test('slow answers wait; until removed where no number is given', async () => {
    await fault({ kind: 'slow', delay_ms: 60, times: null });
    await fault({ kind: 'slow_answer', delay_ms: 60, table: 'sys_user' });
    for (const wanted of [path, path]) {
      const started = performance.now();
      await call(url, wanted);
      expect(performance.now() - started).toBeGreaterThanOrEqual(55);
    }
    expect((await call(url, '/sandbox/faults', { method: 'DELETE' })).status).toBe(204);
    expect((await call<{ faults: unknown[] }>(url, '/sandbox/faults')).body.faults).toEqual([]);
  });

  test.each([[{ kind: 'explode' }, 'kind'], [{ kind: 'slow', delay_ms: -1 }, 'delay_ms'], [{ kind: 'answer', status: 99 }, 'status'], [{ kind: 'drop', times: 0 }, 'times'], [{ kind: 'drop', table: 5 }, 'table']])(
    '%j is refused by name', async (order, field) => {
      expect(await fault(order)).toMatchObject({ status: 400, body: { error: { detail: expect.stringContaining(field) } } });
    });
});

test('the request journal holds who did what, and no secret or text', async () => {
  await call(url, `${path}?sysparm_fields=number&token=s3cret`, { as: INTEGRATION, headers: { 'x-hidden': 's3cret' } });
  await call(url, path, { as: 'Basic s3cret' });
  const log = await requests();
  expect(log.map(({ method, status, user, effect }) => [method, status, user, effect])).toEqual([
    ['POST', 201, 'countersign.integration', true], ['GET', 200, 'countersign.integration', false], ['GET', 401, '', false],
  ]);
  expect(JSON.stringify(log)).not.toMatch(/s3cret|sandbox-integration/);
  const since = await call<{ requests: LoggedRequest[] }>(url, `/sandbox/requests?since=${log[1]?.seq}`);
  expect(since.body.requests.map((entry) => entry.status)).toEqual([401]);
});

describe('tickets', () => {
  type Tickets = { tickets: Array<Record<string, string>> };

  test('are raised as a caller would: unclassified, by a requester', async () => {
    const { status, body } = await call<Tickets>(url, '/sandbox/tickets', { json: { count: 3 } });
    expect([status, body.tickets.length]).toEqual([201, 3]);
    for (const ticket of body.tickets) {
      const row = sandbox.store.get('incident', ticket['sys_id'] ?? '') ?? {};
      expect(row).toMatchObject({ number: ticket['number'], state: '1', impact: '3', urgency: '3', priority: '5', sys_created_by: expect.stringMatching(/^requester\.\d\d$/) });
      expect([row['category'], row['assignment_group'], row['subcategory']]).toEqual([undefined, undefined, undefined]);
      expect(row['short_description']).not.toBe('');
    }
  });

  test('take a given text', async () => {
    const { body } = await call<Tickets>(url, '/sandbox/tickets', { json: { short_description: 'VPN down', description: 'since 8' } });
    expect(body.tickets).toMatchObject([{ short_description: 'VPN down', description: 'since 8', sys_mod_count: '0' }]);
  });

  test.each([[{ count: 0 }], [{ count: 501 }], [{ count: 1.5 }], [{ short_description: ' ' }], [{ description: 7 }]])('%j is refused', async (order) => {
    expect((await call(url, '/sandbox/tickets', { json: order })).status).toBe(400);
  });
});

test('reset goes back to the seed', async () => {
  await fault({ kind: 'drop', times: null });
  expect((await call(url, '/sandbox/reset', { json: {} })).status).toBe(204);
  expect((await call<{ incidents: number; faults: number }>(url, '/sandbox/')).body).toMatchObject({ incidents: 10, faults: 0 });
  expect((await call(url, path)).status).toBe(404);
  expect(await requests()).toHaveLength(1);
});

test('an unknown control is 404', async () => {
  expect((await call(url, '/sandbox/explode', { json: {} })).status).toBe(404);
});
