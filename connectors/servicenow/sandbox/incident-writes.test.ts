/** Writes of incidents over a real socket: what the system adds, computes and refuses. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';
import { ADMIN, INTEGRATION, basic, call } from './testing/client.ts';

let sandbox: RunningSandbox;
let url: string;
let path: string;

beforeAll(async () => {
  sandbox = await startSandbox({ incidents: 20 });
  url = sandbox.url;
});

afterAll(() => sandbox.stop());

beforeEach(async () => {
  const { body } = await call(url, '/api/now/table/incident', { as: INTEGRATION, json: { short_description: 'Cannot print' } });
  path = `/api/now/table/incident/${body.result['sys_id']}`;
});

const patch = (json: unknown, as = INTEGRATION, query = '') => call(url, path + query, { method: 'PATCH', as, json });
const journal = async (element: string): Promise<string[]> => {
  const query = `element_id=${path.split('/').at(-1)}^element=${element}`;
  const { body } = await call<{ result: Array<Record<string, string>> }>(url, `/api/now/table/sys_journal_field?sysparm_query=${encodeURIComponent(query)}`);
  return body.result.map((entry) => entry['value'] ?? '');
};

describe('insert', () => {
  test('answers 201 with the whole record, its defaults and its location', async () => {
    const { status, headers, body } = await call(url, '/api/now/table/incident', { as: INTEGRATION, json: { short_description: 'x', impact: 2, urgency: 2 } });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${url}/api/now/table/incident/${body.result['sys_id']}`);
    expect(body.result).toMatchObject({
      impact: '2', urgency: '2', priority: '3', state: '1', incident_state: '1', category: 'inquiry', active: 'true', sys_mod_count: '0',
      sys_created_by: 'countersign.integration', sys_updated_by: 'countersign.integration', assignment_group: '', upon_reject: 'cancel',
    });
    expect(body.result['opened_by']).toMatchObject({ value: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test('numbers grow by one and are never used twice', async () => {
    const create = async () => Number((await call(url, '/api/now/table/incident', { json: {} })).body.result['number']?.slice(3));
    const first = await create();
    const second = await call(url, '/api/now/table/incident', { json: {} });
    expect(Number(second.body.result['number']?.slice(3))).toBe(first + 1);
    await call(url, `/api/now/table/incident/${second.body.result['sys_id']}`, { method: 'DELETE' });
    expect(await create()).toBe(first + 2);
  });

  test('uses the first of several records', async () => {
    const { body } = await call(url, '/api/now/table/incident', { json: [{ short_description: 'first' }, { short_description: 'second' }] });
    expect(body.result['short_description']).toBe('first');
  });
});

describe('update', () => {
  test('PATCH and PUT change what is named and raise sys_mod_count', async () => {
    const one = await patch({ category: 'network', subcategory: 'vpn' });
    expect(one.body.result).toMatchObject({ category: 'network', subcategory: 'vpn', sys_mod_count: '1', short_description: 'Cannot print' });
    const two = await call(url, path, { method: 'PUT', as: ADMIN, json: { urgency: '1' } });
    expect(two.body.result).toMatchObject({ urgency: '1', priority: '3', sys_mod_count: '2', sys_updated_by: 'admin', category: 'network' });
  });

  test('the same values again leave sys_mod_count alone', async () => {
    await patch({ category: 'network' });
    const { body } = await patch({ category: 'network', impact: '3' }, ADMIN);
    expect(body.result).toMatchObject({ sys_mod_count: '1', sys_updated_by: 'countersign.integration' });
  });

  test('priority is looked up from impact and urgency; writing it has no effect', async () => {
    expect((await patch({ priority: '1' })).body.result).toMatchObject({ priority: '5', sys_mod_count: '0' });
    expect((await patch({ priority: '5', impact: '1', urgency: '2' })).body.result).toMatchObject({ priority: '2' });
  });

  test('an administrator can change the lookup rules', async () => {
    const rules = await call<{ result: Array<Record<string, string>> }>(url, '/api/now/table/dl_u_priority?sysparm_query=impact=2^urgency=3');
    const rule = `/api/now/table/dl_u_priority/${rules.body.result[0]?.['sys_id']}`;
    expect((await call(url, rule, { method: 'PATCH', as: INTEGRATION, json: { priority: '1' } })).status).toBe(403);
    await call(url, rule, { method: 'PATCH', json: { priority: '1' } });
    expect((await patch({ impact: '2', urgency: '3' })).body.result['priority']).toBe('1');
    await call(url, rule, { method: 'PATCH', json: { priority: '4' } });
  });

  test('system fields and unknown fields are dropped without a word', async () => {
    const { body, status } = await patch({ sys_mod_count: '99', sys_created_by: 'x', number: 'INC1', nonsense: '1', ['__proto__']: { polluted: '1' } });
    expect(status).toBe(200);
    expect(body.result).toMatchObject({ sys_mod_count: '0', sys_created_by: 'countersign.integration' });
    expect(body.result).not.toHaveProperty('nonsense');
  });

  test('an unknown choice value is stored as it is', async () => {
    expect((await patch({ category: 'quantum' })).body.result['category']).toBe('quantum');
  });

  test('a work note is one journal entry, read back empty, shown as display value; a second write appends', async () => {
    const { body } = await patch({ work_notes: 'First [ref: run_1]' });
    expect(body.result).toMatchObject({ work_notes: '', comments: '', sys_mod_count: '1' });
    await patch({ work_notes: 'First [ref: run_1]' });
    expect(await journal('work_notes')).toEqual(['First [ref: run_1]', 'First [ref: run_1]']);
    const shown = await call(url, `${path}?sysparm_display_value=true`);
    expect(shown.body.result['work_notes']).toMatch(/countersign\.integration \(Work notes\)\nFirst \[ref: run_1\]\n\n/);
    expect(await journal('comments')).toEqual([]);
  });

  test('names and labels are resolved on request', async () => {
    const { body } = await patch({ assignment_group: 'Network Operations', category: 'Network' }, INTEGRATION, '?sysparm_input_display_value=true&sysparm_display_value=all');
    expect(body.result).toMatchObject({ assignment_group: { display_value: 'Network Operations' }, category: { value: 'network', display_value: 'Network' } });
  });

  test('X-no-response-body suppresses the record', async () => {
    const reply = await call(url, path, { method: 'PATCH', json: { urgency: '1' }, headers: { 'x-no-response-body': 'true' } });
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect((await call(url, path)).body.result['urgency']).toBe('1');
  });
});

describe('refusals', () => {
  test('both media types are asked for, and only JSON is taken', async () => {
    const send = (headers: Record<string, string>) => call(url, path, { method: 'PATCH', headers, body: '{}' });
    expect((await send({ 'content-type': 'text/plain' })).status).toBe(415);
    expect((await send({ 'content-type': 'application/json', accept: 'text/html' })).status).toBe(406);
    expect((await send({ 'content-type': 'application/json' })).status).toBe(200);
    expect((await fetch(url + path, { method: 'PATCH', headers: { authorization: ADMIN } })).status).toBe(400);
  });

  test.each(['{', '"text"', '5', 'null', '[]'])('a body of %s is 400', async (body) => {
    expect((await call(url, path, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body })).status).toBe(400);
  });

  test('on hold for the caller needs a comment: 403 by data policy, nothing changed', async () => {
    const refused = await patch({ state: '3', hold_reason: '1' });
    expect(refused).toMatchObject({ status: 403, body: { error: { message: 'Operation Failed' }, status: 'failure' } });
    expect((await call(url, path)).body.result).toMatchObject({ state: '1', sys_mod_count: '0' });
    expect(await patch({ state: '3', hold_reason: '1', comments: 'Which printer?' })).toMatchObject({ status: 200 });
    expect(await journal('comments')).toEqual(['Which printer?']);
  });

  test('resolving needs a code and notes', async () => {
    expect((await patch({ state: '6' })).status).toBe(403);
    const { body } = await patch({ state: '6', close_code: 'Solution provided', close_notes: 'Paper refilled' });
    expect(body.result).toMatchObject({ state: '6', incident_state: '6', active: 'true' });
    expect(body.result['resolved_at']).not.toBe('');
  });

  test('a closed incident is read-only for all but the administrator', async () => {
    await patch({ state: '7', close_code: 'Solution provided', close_notes: 'Done' });
    expect(await patch({ urgency: '1' })).toMatchObject({ status: 403, body: { error: { detail: expect.stringContaining('ACL') } } });
    expect((await patch({ urgency: '1' }, ADMIN)).status).toBe(200);
  });

  test('only the administrator deletes; the journal goes too', async () => {
    await patch({ work_notes: 'note' });
    expect((await call(url, path, { method: 'DELETE', as: INTEGRATION })).status).toBe(403);
    expect((await call(url, path, { method: 'DELETE' })).status).toBe(204);
    expect((await call(url, path)).status).toBe(404);
    expect(await journal('work_notes')).toEqual([]);
  });

  test('an update of nothing is 404, also for a user who may not', async () => {
    const missing = '/api/now/table/incident/00000000000000000000000000000000';
    expect((await call(url, missing, { method: 'PATCH', as: basic('countersign.no-journal', 'sandbox-integration'), json: {} })).status).toBe(404);
  });
});

test('attachments: upload, list, download, delete', async () => {
  const target = path.split('/').at(-1) ?? '';
  const uploaded = await call(url, `/api/now/attachment/file?table_name=incident&table_sys_id=${target}&file_name=note.txt`, {
    method: 'POST', as: INTEGRATION, headers: { 'content-type': 'text/plain' }, body: 'hello',
  });
  expect(uploaded).toMatchObject({
    status: 201,
    body: { result: { file_name: 'note.txt', size_bytes: '5', content_type: 'text/plain', hash: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' } },
  });
  const sysId = uploaded.body.result['sys_id'];
  const listed = await call<{ result: unknown[] }>(url, `/api/now/attachment?sysparm_query=table_sys_id=${target}^file_name=note.txt`);
  expect(listed.body.result).toHaveLength(1);
  expect(await call(url, `/api/now/attachment/${sysId}/file`)).toMatchObject({ status: 200, text: 'hello' });
  expect((await call(url, `/api/now/attachment/${sysId}`, { method: 'DELETE' })).status).toBe(204);
  expect((await call(url, `/api/now/attachment/${sysId}`)).status).toBe(404);
  const bad = await call(url, '/api/now/attachment/file?table_name=incident', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' });
  expect(bad.status).toBe(400);
});
