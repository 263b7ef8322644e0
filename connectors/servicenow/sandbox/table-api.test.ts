/** Reads of the Table API over a real socket: shapes, paging, errors. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningSandbox } from './server.ts';
import { startSandbox } from './server.ts';
import { INTEGRATION, basic, call } from './testing/client.ts';

/** The keys of the sample record on the Table API page of the documentation (GET one incident). */
const SAMPLE_KEYS = `upon_approval location expected_start reopen_count close_notes additional_assignee_list impact urgency correlation_id sys_tags
  sys_domain description group_list priority delivery_plan sys_mod_count work_notes_list business_service follow_up closed_at sla_due delivery_task
  sys_updated_on parent work_end number closed_by work_start calendar_stc category business_duration incident_state activity_due correlation_display
  company active due_date assignment_group caller_id knowledge made_sla comments_and_work_notes parent_incident state user_input sys_created_on
  approval_set reassignment_count rfc child_incidents opened_at short_description order sys_updated_by resolved_by notify upon_reject approval_history
  problem_id work_notes calendar_duration close_code sys_id approval caused_by severity sys_created_by resolved_at assigned_to business_stc wf_activity
  sys_domain_path cmdb_ci opened_by subcategory rejection_goto sys_class_name watch_list time_worked contact_type escalation comments`.split(/\s+/);

type Shown = Record<string, string | { link?: string; value?: string; display_value?: string }>;

let sandbox: RunningSandbox;
let url: string;
let sysId: string;
let groupId: string;

beforeAll(async () => {
  sandbox = await startSandbox({ incidents: 60 });
  url = sandbox.url;
  const row = sandbox.store.rows('incident')[0] ?? {};
  sysId = row['sys_id'] ?? '';
  groupId = row['assignment_group'] ?? '';
});

afterAll(() => sandbox.stop());

describe('one record', () => {
  test('has every key of the documented sample, all strings or references', async () => {
    const { status, headers, body } = await call<{ result: Shown }>(url, `/api/now/table/incident/${sysId}`);
    expect(status).toBe(200);
    expect(headers.get('x-countersign-sandbox')).toBe('servicenow');
    expect(Object.keys(body.result).sort()).toEqual([...SAMPLE_KEYS, 'hold_reason'].sort());
    for (const value of Object.values(body.result)) {
      if (typeof value !== 'string') expect(Object.keys(value).sort()).toEqual(['link', 'value']);
    }
    expect(body.result).toMatchObject({
      assignment_group: { link: `${url}/api/now/table/sys_user_group/${groupId}`, value: groupId },
      sys_domain: { link: `${url}/api/now/table/sys_user_group/global`, value: 'global' },
      company: '', problem_id: '', work_notes: '', comments: '', sys_class_name: 'incident',
    });
    expect(body.result['sys_updated_on']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  test.each(['/api/now', '/api/now/v1', '/api/now/v2'])('is served under %s', async (base) => {
    const { body } = await call(url, `${base}/table/incident/${sysId}?sysparm_fields=sys_id`);
    expect(body).toEqual({ result: { sys_id: sysId } });
  });

  test('shows references and choices in the three display modes', async () => {
    const fields = 'sysparm_fields=assignment_group,state,company,assignment_group.name,bogus';
    const read = async (more: string): Promise<Shown> => (await call<{ result: Shown }>(url, `/api/now/table/incident/${sysId}?${fields}${more}`)).body.result;
    const name = sandbox.store.get('sys_user_group', groupId)?.['name'] ?? '';
    const link = `${url}/api/now/table/sys_user_group/${groupId}`;
    const state = sandbox.store.get('incident', sysId)?.['state'] === '7' ? 'Closed' : 'Resolved';
    const value = sandbox.store.get('incident', sysId)?.['state'] ?? '';
    expect(await read('')).toEqual({ assignment_group: { link, value: groupId }, state: value, company: '', 'assignment_group.name': name });
    expect(await read('&sysparm_exclude_reference_link=true')).toMatchObject({ assignment_group: groupId });
    expect(await read('&sysparm_display_value=true')).toMatchObject({ assignment_group: { display_value: name, link }, state, company: '' });
    expect(await read('&sysparm_display_value=true&sysparm_exclude_reference_link=true')).toMatchObject({ assignment_group: name });
    expect(await read('&sysparm_display_value=all')).toMatchObject({
      assignment_group: { display_value: name, value: groupId, link }, state: { display_value: state, value }, company: { display_value: '', value: '' },
    });
    expect(await read('&sysparm_display_value=all&sysparm_exclude_reference_link=true')).toMatchObject({ assignment_group: { display_value: name, value: groupId } });
  });
});

describe('lists', () => {
  const list = (query: string, as?: string) => call<{ result: Shown[] }>(url, `/api/now/table/incident?${query}`, as === undefined ? {} : { as });

  test('are paged, counted and linked', async () => {
    const first = await list('sysparm_limit=25&sysparm_fields=number&sysparm_query=ORDERBYnumber');
    expect(first.body.result).toHaveLength(25);
    expect(first.headers.get('x-total-count')).toBe('60');
    const links = first.headers.get('link') ?? '';
    expect(links).toContain('rel="next"');
    expect(links).not.toContain('rel="prev"');
    expect(links).toMatch(/sysparm_offset=50>;rel="last"/);
    const nextLink = /<([^>]+)>;rel="next"/.exec(links)?.[1] ?? '';
    const second = await call<{ result: Shown[] }>('', nextLink);
    expect(second.body.result[0]).toEqual({ number: 'INC0010026' });
    expect(second.headers.get('link')).toContain('rel="prev"');
  });

  test('drop the headers on request', async () => {
    const { headers } = await list('sysparm_limit=1&sysparm_no_count=true&sysparm_suppress_pagination_header=true');
    expect([headers.get('x-total-count'), headers.get('link')]).toEqual([null, null]);
  });

  test('take name-value pairs, also by display value', async () => {
    const number = sandbox.store.rows('incident')[3]?.['number'] ?? '';
    expect((await list(`number=${number}&sysparm_fields=number`)).body.result).toEqual([{ number }]);
    const byLabel = await list('state=Closed&sysparm_fields=state');
    expect(byLabel.body.result.length).toBeGreaterThan(0);
    expect(new Set(byLabel.body.result.map((row) => row['state']))).toEqual(new Set(['7']));
  });

  test('that match nothing are empty, except in version 1', async () => {
    expect(await list('sysparm_query=number=NONE')).toMatchObject({ status: 200, body: { result: [] } });
    expect(await call(url, '/api/now/v1/table/incident?sysparm_query=number=NONE')).toMatchObject({ status: 404, body: { status: 'failure' } });
  });

  test('of the reference tables can be read by the integration user', async () => {
    for (const table of ['sys_user_group', 'sys_user', 'sys_choice', 'sys_journal_field', 'dl_u_priority', 'sys_dictionary']) {
      const { status, body } = await call<{ result: Shown[] }>(url, `/api/now/table/${table}?sysparm_limit=3`, { as: INTEGRATION });
      expect([table, status, body.result.length]).toEqual([table, 200, 3]);
    }
  });

  test('the priority matrix and dependent subcategories are there to learn', async () => {
    const matrix = await call<{ result: Shown[] }>(url, '/api/now/table/dl_u_priority?sysparm_query=impact=2^urgency=1&sysparm_fields=priority');
    expect(matrix.body.result).toEqual([{ priority: '2' }]);
    const query = 'name=incident^element=subcategory^dependent_value=network^inactive=false';
    const subcategories = await call<{ result: Shown[] }>(url, `/api/now/table/sys_choice?sysparm_query=${encodeURIComponent(query)}&sysparm_fields=value,label`);
    expect(subcategories.body.result).toContainEqual({ value: 'vpn', label: 'VPN' });
  });
});

describe('errors are in the documented form', () => {
  test.each([
    ['GET', '/api/now/table/nonsense', 400, 'Invalid table nonsense'],
    ['GET', '/api/now/table/sys_number_counter', 400, 'Invalid table sys_number_counter'],
    ['GET', '/api/now/table/incident/00000000000000000000000000000000', 404, 'No Record found'],
    ['POST', '/api/now/table/incident/00000000000000000000000000000000', 405, 'Method not supported'],
    ['DELETE', '/api/now/table/incident', 405, 'Method not supported'],
    ['GET', '/api/now/table/incident/%zz', 404, 'No Record found'],
    ['GET', '/api/now/nonsense', 400, 'Requested URI does not represent any resource'],
  ])('%s %s is %i', async (method, path, status, message) => {
    const reply = await call<{ error: { message: string } }>(url, path, { method });
    expect(reply).toMatchObject({ status, body: { error: { message }, status: 'failure' } });
    expect(reply.body.error).toHaveProperty('detail');
  });

  test('a caller who takes no JSON gets 406', async () => {
    expect((await call(url, '/api/now/table/incident', { headers: { accept: 'text/csv' } })).status).toBe(406);
  });
});

describe('a user without the role for journals', () => {
  test('is refused with 403, or sees nothing at all, depending on the rule', async () => {
    const path = '/api/now/table/sys_journal_field?sysparm_limit=5';
    expect(await call(url, path, { as: basic('countersign.no-journal', 'sandbox-integration') })).toMatchObject({ status: 403, body: { status: 'failure' } });
    const hidden = await call(url, path, { as: basic('countersign.hidden-journal', 'sandbox-integration') });
    expect(hidden).toMatchObject({ status: 200, body: { result: [] } });
    const entry = sandbox.store.rows('sys_journal_field')[0]?.['sys_id'];
    expect((await call(url, `/api/now/table/sys_journal_field/${entry}`, { as: basic('countersign.hidden-journal', 'sandbox-integration') })).status).toBe(404);
  });
});
