import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { newId } from '../ids/typeid.ts';

const schema = JSON.parse(await readFile(new URL('../../contracts/events/event.schema.json', import.meta.url), 'utf8')) as object;
// As somebody else's validator has it: told of the two keywords of ours, strict about everything else.
const check = new Ajv2020({ strict: true, keywords: ['x-class', 'x-ocsf'] }).compile(schema);
const event = {
  id: newId('audit_event'), type: 'run.created', at: '2026-11-21T19:30:00.000Z', tenant_id: newId('tenant'), workspace_id: newId('workspace'), actor: { kind: 'worker', id: 'worker-1' },
  subject: { kind: 'run', id: 'run_1' }, run_id: newId('run'), data: { step_key: 'assign' },
};

test('the published schema takes an event, and refuses what is not one', () => {
  expect(check(event)).toBe(true);
  for (const changed of [{ type: 'run.invented' }, { at: '2026-11-21' }, { tenant_id: 'ten_1' }, { actor: { kind: 'robot', id: 'x' } }, { data: { a_field_of_tomorrow: 1 } }, { run_id: '' }, { note: 'x' }]) {
    expect([changed, check({ ...event, ...changed })]).toEqual([changed, false]);
  }
});
