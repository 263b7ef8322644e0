import { expect, it } from 'vitest';
import { fieldsOf } from './event-fields.ts';

it('each member has the class that sinks go by, and what nobody classed is secret', () => {
  expect(fieldsOf({ state: 'running', name: 'Splunk', made_up_by_a_newer_server: 1, roles: ['admin'], ends_at: null })).toEqual([
    { name: 'ends_at', fieldClass: 'public', text: 'null' },
    { name: 'made_up_by_a_newer_server', fieldClass: 'secret', text: '1' },
    { name: 'name', fieldClass: 'sensitive', text: 'Splunk' },
    { name: 'roles', fieldClass: 'public', text: '["admin"]' },
    { name: 'state', fieldClass: 'public', text: 'running' },
  ]);
});

it('what is no object has no members', () => expect([fieldsOf(null), fieldsOf(undefined), fieldsOf('x')]).toEqual([[], [], []]));
