import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fixedPolicy } from '../gateway/testing/test-gateway.ts';
import { nextAttempt, testIdentity } from '../gateway/testing/identities.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { NO_JOURNAL_USER } from './sandbox/accounts.ts';
import { basic, Desk, proposal, succeeded, waiting } from './testing/desk.ts';

let desk: Desk;
beforeAll(async () => { desk = await Desk.open(); });
afterAll(() => desk.close());
afterEach(() => desk.clear());

const UPDATE = 'servicenow/incident.update';
const UNDO = 'servicenow/incident.undo-update';
const NOTE = 'servicenow/incident.add-work-note';
const ATTACH = 'servicenow/incident.attach';

describe('a work note', () => {
  test('is shown as it will be written, and is all that is written', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const parameters = { sys_id: sysId, work_note: 'The carrier confirmed the outage.' };
    const { identity } = await desk.approved(world, parameters, NOTE);
    const { request } = world.store.approvals()[0]!;
    const text = `The carrier confirmed the outage.\n\n[ref: ${String(request.action.parameters['reference'])}]`;
    expect(request.preview).toEqual({ title: `Add a work note to incident ${desk.record(sysId)['number']}`, fields: [], additions: [{ label: 'Work note (internal)', text }] });
    expect(JSON.stringify(request.action)).not.toContain('carrier');
    const before = desk.record(sysId);
    const { output, receipt } = succeeded(await world.call(nextAttempt(identity), NOTE, parameters));
    expect(desk.notes(sysId).map((row) => row['value'])).toEqual([text]);
    expect({ ...desk.record(sysId), sys_mod_count: '0' }).toEqual({ ...before, sys_updated_by: 'countersign.integration', sys_updated_on: desk.record(sysId)['sys_updated_on'] });
    expect(output).toEqual({ sys_id: sysId, number: before['number'], sys_mod_count: '1' });
    expect(receipt).toMatchObject({ version_before: '0', version_after: '1', written_versions: [`${sysId}:1`, `${sysId}:1:update`], fields_written: ['work_notes'] });
  });

  test('goes to the record as it is by then, unless it was closed', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const parameters = { sys_id: sysId, work_note: 'Late.' };
    const { identity } = await desk.approved(world, parameters, NOTE);
    await desk.asAdmin(sysId, { urgency: '1' });
    expect(succeeded(await world.call(nextAttempt(identity), NOTE, parameters)).receipt).toMatchObject({ version_before: '1', version_after: '2' });
    const second = await desk.approved(world, parameters, NOTE);
    await desk.asAdmin(sysId, { state: '8' });
    expect(await world.call(nextAttempt(second.identity), NOTE, parameters)).toMatchObject({ kind: 'failed', error: { code: 'target_closed' } });
    expect(await world.call(testIdentity(), NOTE, parameters)).toMatchObject({ kind: 'failed', error: { code: 'target_closed' } });
    expect(desk.notes(sysId)).toHaveLength(1);
  });

  test.each([[''], ['   \n'], ['x'.repeat(8_001)]])('of nothing, or of too much, is refused before anything is read', async (work_note) => {
    const sysId = await desk.raise();
    await desk.control('DELETE', 'requests');
    expect(await desk.connect().call(testIdentity(), NOTE, { sys_id: sysId, work_note })).toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid' } });
    expect(await desk.requests()).toEqual([]);
  });
});

describe('an attachment', () => {
  const bytes = Buffer.from('08:14 link down\n08:15 link up\n');
  const file = (sysId: string, changes: JsonObject = {}): JsonObject => ({ sys_id: sysId, file_name: 'switch log.txt', content_type: 'text/plain', content_base64: bytes.toString('base64'), ...changes });

  test('is shown with its digest and its text, and arrives byte for byte', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const { identity } = await desk.approved(world, file(sysId), ATTACH);
    const { request } = world.store.approvals()[0]!;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(request.preview.fields).toEqual(expect.arrayContaining([{ name: 'sha256', label: 'SHA-256', before: '', after: sha256 }, { name: 'size_bytes', label: 'Size in bytes', before: '', after: String(bytes.length) }]));
    expect(request.preview.additions).toEqual([{ label: 'Content', text: bytes.toString() }]);
    expect(JSON.stringify(request.action)).not.toContain(bytes.toString('base64'));
    const { output, receipt } = succeeded(await world.call(nextAttempt(identity), ATTACH, file(sysId)));
    expect(desk.attachments(sysId)).toMatchObject([{ sys_id: output['attachment_sys_id'], file_name: 'switch log.txt', hash: sha256, content_type: 'text/plain', sys_created_by: 'countersign.integration' }]);
    expect(output).toMatchObject({ sha256, size_bytes: bytes.length, was_there: false });
    expect(receipt).toMatchObject({ fields_written: ['attachment'], verified_by_reading_back: true, written_versions: [] });
  });

  test('that is there already is not sent again; another file under the same name is', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const attach = async (changes: JsonObject = {}): Promise<JsonObject> => {
      const { identity } = await desk.approved(world, file(sysId, changes), ATTACH);
      return succeeded(await world.call(nextAttempt(identity), ATTACH, file(sysId, changes))).output;
    };
    const first = await attach();
    expect(await attach()).toMatchObject({ attachment_sys_id: first['attachment_sys_id'], was_there: true });
    expect(desk.attachments(sysId)).toHaveLength(1);
    expect(await attach({ content_base64: Buffer.from('other').toString('base64') })).toMatchObject({ was_there: false });
    expect(desk.attachments(sysId)).toHaveLength(2);
  });

  test.each([
    ['no base64', { content_base64: 'not base64!' }], ['line breaks in it', { content_base64: 'YWJj\nZGVm' }], ['no padding', { content_base64: 'YWJjZA' }], ['a path for a name', { file_name: '../../etc/passwd' }],
    ['a caret in the name, which would end the condition of a query', { file_name: 'a^ORsys_idISNOTEMPTY' }], ['a type that is none', { content_type: 'text/plain\r\nx: y' }], ['too much', { content_base64: 'A'.repeat(524_292) }],
  ])('with %s is refused', async (_what, changes) => {
    const world = desk.connect();
    const sysId = await desk.raise();
    expect(await world.call(testIdentity(), ATTACH, file(sysId, changes as JsonObject))).toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid' } });
    expect([world.store.approvals(), desk.attachments(sysId)]).toEqual([[], []]);
  });
});

describe('undoing an update', () => {
  /** An update that was made, and what undoes it. */
  async function updated(world: TestGateway): Promise<{ sysId: string; before: JsonObject; undo: JsonObject }> {
    const sysId = await desk.raise();
    await desk.asAdmin(sysId, { category: 'database', subcategory: 'oracle', assignment_group: groupOf('Database') });
    const before = { ...desk.record(sysId) };
    const { identity } = await desk.approved(world, proposal(sysId));
    const { output } = succeeded(await world.call(nextAttempt(identity), UPDATE, proposal(sysId)));
    return { sysId, before, undo: output['undo'] as JsonObject };
  }
  const groupOf = (text: string): string => desk.sandbox.store.rows('sys_user_group').find((row) => row['name']?.includes(text) && row['active'] === 'true')!['sys_id']!;
  const FIELDS = ['category', 'subcategory', 'impact', 'urgency', 'priority', 'assignment_group'];
  const fieldsOf = (row: Readonly<Record<string, unknown>>) => FIELDS.map((name) => row[name] ?? '');

  test('takes an approval of its own, which shows what will be put back and what cannot be', async () => {
    const world = desk.connect();
    const { sysId, before, undo } = await updated(world);
    expect(fieldsOf(desk.record(sysId))).not.toEqual(fieldsOf(before));
    const { identity, approvalId } = await desk.approved(world, undo, UNDO);
    expect(world.store.approvals().map(({ id }) => id)).toHaveLength(2);
    const { request } = world.store.approvals().find(({ id }) => id === approvalId)!;
    expect(request.preview.fields).toEqual(expect.arrayContaining([
      { name: 'category', label: 'Category', before: 'Network', after: 'Database' },
      { name: 'assignment_group', label: 'Assignment group', before: 'Network Operations', after: expect.stringContaining('Database') },
    ]));
    expect(request.preview.additions).toContainEqual({ label: 'Cannot be undone', text: `The work note of the update ([ref: ${String(undo['undoes'])}]) stays.` });

    const { output, receipt } = succeeded(await world.call(nextAttempt(identity), UNDO, undo));
    expect(fieldsOf(desk.record(sysId))).toEqual(fieldsOf(before));
    expect(output).toMatchObject({ undoes: undo['undoes'], fields_restored: expect.arrayContaining(['category', 'assignment_group']), not_kept: [], not_undone: ['work_notes'] });
    expect(receipt).toMatchObject({ version_before: '2', version_after: '3', verified_by_reading_back: true });
    const [, note] = desk.notes(sysId).map((row) => String(row['value']));
    expect(note).toContain(`the update [ref: ${String(undo['undoes'])}]`);
    expect(note).toMatch(new RegExp(`\\[ref: ${identity.run.id}/[0-9a-f]{12}\\]$`));
    expect(desk.notes(sysId)).toHaveLength(2);
  });

  test('is refused once somebody has touched the record, and says what they changed', async () => {
    const world = desk.connect();
    const { sysId, undo } = await updated(world);
    await desk.asAdmin(sysId, { urgency: '3' });
    const refused = await world.call(testIdentity(), UNDO, undo);
    expect(refused).toMatchObject({ kind: 'failed', error: { code: 'target_changed', retryable: false, message: expect.stringMatching(/version 2, now 3.*What changed: Urgency\./) } });
    const other = await updated(world);
    await desk.asAdmin(other.sysId, { short_description: 'Now it is the printer' });
    const elsewhere = await world.call(testIdentity(), UNDO, other.undo);
    expect(elsewhere).toMatchObject({ kind: 'failed', error: { code: 'target_changed', message: expect.stringContaining('something else of the record') } });
    expect(desk.notes(sysId)).toHaveLength(1);
  });

  test('is refused when the record changes between approval and write', async () => {
    const world = desk.connect();
    const { sysId, undo } = await updated(world);
    const { identity } = await desk.approved(world, undo, UNDO);
    await desk.asAdmin(sysId, { impact: '1' });
    const { results } = await desk.untilDone(world, identity, undo, UNDO);
    expect(results[0]).toMatchObject({ kind: 'failed', error: { code: 'target_changed' } });
    expect(results.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'target_changed', retryable: false } });
    expect([desk.notes(sysId).length, desk.record(sysId)['impact']]).toEqual([1, '1']);
  });

  test('only ever undoes a write of ours', async () => {
    const world = desk.connect();
    const { undo } = await updated(world);
    const stranger = await desk.raise();
    const forged = { ...undo, sys_id: stranger, version: '0' };
    expect(await world.call(testIdentity(), UNDO, forged)).toMatchObject({ kind: 'failed', error: { code: 'reference_not_found', message: expect.stringContaining('no work note of this incident carries') } });
    expect(await desk.connect(basic(NO_JOURNAL_USER)).call(testIdentity(), UNDO, undo)).toMatchObject({ kind: 'failed' });
    expect(desk.notes(stranger)).toHaveLength(0);
  });

  test('twice is refused, and so is a group that takes no work any more', async () => {
    const world = desk.connect();
    const { undo } = await updated(world);
    const { identity } = await desk.approved(world, undo, UNDO);
    succeeded(await world.call(nextAttempt(identity), UNDO, undo));
    expect(await world.call(testIdentity(), UNDO, undo)).toMatchObject({ kind: 'failed', error: { code: 'target_changed' } });
    const retired = desk.sandbox.store.rows('sys_user_group').find((row) => row['active'] === 'false')!;
    const other = await updated(world);
    const refused = await world.call(testIdentity(), UNDO, { ...other.undo, before: { ...(other.undo['before'] as JsonObject), assignment_group: retired['sys_id']! } });
    expect(refused).toMatchObject({ kind: 'failed', error: { code: 'reference_not_found', message: expect.stringContaining('not active any more') } });
  });
});

describe('what policy sees', () => {
  test('a model may name the group of a write, which people then see, but not what is read for itself', async () => {
    const world = desk.connect();
    const sysId = await desk.raise();
    const labels = { '/sys_id': ['trusted_system'], '/assignment_group': ['model_output'], '/category': ['model_output'] } as const;
    waiting(await world.call(testIdentity(), UPDATE, { sys_id: sysId, category: 'network', assignment_group: 'Network Operations' }, { labels }));
    const resolved = world.asked.find((input) => input.action.name === 'group.resolve')!;
    expect(resolved.labels['/name']).toContain('model_output');
    expect(resolved.call.within).toMatchObject({ action: UPDATE, risk: 'write', instance_id: 'ins_servicenow' });
    expect(world.asked.find((input) => input.action.name === 'incident.get')!.labels['/sys_id']).toEqual(['trusted_system']);

    const denied = { kind: 'denied', reasons: expect.arrayContaining([expect.objectContaining({ rule: 'base/untrusted_destination' })]) };
    const byModel = (names: readonly string[]) => ({ labels: Object.fromEntries(names.map((name) => [`/${name}`, ['model_output'] as const])) });
    expect(await world.call(testIdentity(), 'servicenow/incident.get', { sys_id: sysId }, byModel(['sys_id']))).toMatchObject(denied);
    expect(await world.call(testIdentity(), 'servicenow/incident.query', { query: 'active=true', fields: ['number'], limit: 1 }, byModel(['query']))).toMatchObject(denied);
    // Its name is looked for here and goes nowhere; what comes back is as untrusted as the name.
    expect(await world.call(testIdentity(), 'servicenow/group.resolve', { name: 'Network Operations' }, byModel(['name']))).toMatchObject({ kind: 'succeeded', outputLabels: ['model_output', 'trusted_system'] });
    expect(await world.call(testIdentity(), 'servicenow/journal.find', { sys_id: sysId, reference: 'run_1/0123456789ab' }, byModel(['sys_id']))).toMatchObject(denied);
  });

  test('each action alone, where a policy allows it without a person', async () => {
    const world = desk.connect(basic(), { pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })) });
    const sysId = await desk.raise();
    const { output } = succeeded(await world.call(testIdentity(), UPDATE, proposal(sysId)));
    succeeded(await world.call(testIdentity(), UNDO, output['undo'] as JsonObject));
    succeeded(await world.call(testIdentity(), NOTE, { sys_id: sysId, work_note: 'Done.' }));
    expect(desk.notes(sysId)).toHaveLength(3);
  });
});
