import { expect, test } from 'vitest';
import { AUDIT_EVENT_TYPES } from './audit-event.ts';
import { classOf, OCSF, OCSF_CLASS, redactedData } from './catalogue.ts';

test('what is public leaves the cell, what is sensitive as its digest, and everything else stays', () => {
  const data = { step_key: 'assign', name: 'Desk of Ms. A', session_token: 'x', nested_thing: { a: 1 } };
  expect(redactedData(data, () => 'digest', false)).toEqual({ step_key: 'assign', name: 'digest' });
  expect(redactedData(data, () => 'digest', true)).toEqual({ step_key: 'assign', name: 'Desk of Ms. A' });
  expect([classOf('name'), classOf('a_field_of_tomorrow')]).toEqual(['sensitive', 'secret']);
});

test('every event has a class of OCSF', () => {
  const kinds = AUDIT_EVENT_TYPES.map((type) => type.split('.')[0] as keyof typeof OCSF_CLASS);
  expect(kinds.filter((kind) => OCSF[OCSF_CLASS[kind]] === undefined)).toEqual([]);
});
