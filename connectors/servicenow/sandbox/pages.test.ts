/** The pages for people, without a browser: what they say, how they escape, whom they take forms from. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';
import { call } from './testing/client.ts';

let sandbox: RunningSandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ incidents: 60 });
});

afterAll(() => sandbox.stop());

const submit = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  call(sandbox.url, '/tickets', { method: 'POST', as: '', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(fields).toString() });

test('every page says that it is not ServiceNow', async () => {
  for (const path of ['/', '/tickets/INC0010001', '/nowhere']) {
    const { text, headers } = await call(sandbox.url, path, { as: '' });
    expect(text).toContain('Sandbox: not ServiceNow');
    expect(headers.get('x-countersign-sandbox')).toBe('servicenow');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  }
  expect((await call(sandbox.url, '/nowhere', { as: '' })).status).toBe(404);
});

test('the list shows the latest tickets with their fields', async () => {
  const { text } = await call(sandbox.url, '/', { as: '' });
  expect(text.match(/href="\/tickets\/INC/g)).toHaveLength(50);
  expect(text).toContain('INC0010060');
});

test('the form raises a ticket and leads to its page, escaped', async () => {
  const { status, headers } = await submit({ short_description: '<script>alert(1)</script>', description: 'a & "b"' });
  expect(status).toBe(303);
  const { text } = await call(sandbox.url, headers.get('location') ?? '', { as: '' });
  expect(text).toContain('&#60;script&#62;alert(1)');
  expect(text).not.toContain('<script>');
  expect(text).toContain('a &#38; &#34;b&#34;');
});

test('an empty form raises a made-up ticket', async () => {
  const { headers } = await submit({ short_description: ' ' });
  const number = headers.get('location')?.split('/').at(-1) ?? '';
  expect(sandbox.store.rowsWhere('incident', 'number', number)[0]?.['short_description']).toBeTruthy();
});

test('a form on another site is refused', async () => {
  expect((await submit({}, { origin: 'https://elsewhere.example' })).status).toBe(403);
  expect((await submit({}, { origin: sandbox.url })).status).toBe(303);
});

test('the journal of a ticket is on its page', async () => {
  const row = sandbox.store.rows('incident')[5] ?? {};
  const { body } = await call(sandbox.url, `/api/now/table/incident/${row['sys_id']}`, { method: 'PATCH', json: { work_notes: 'Looked into it' } });
  expect(body.result['sys_id']).toBe(row['sys_id']);
  expect((await call(sandbox.url, `/tickets/${row['number']}`, { as: '' })).text).toMatch(/Work note \(internal\) by admin[\s\S]*Looked into it/);
});
