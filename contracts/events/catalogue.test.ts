import { expect, test } from 'vitest';
import { AUDIT_EVENT_TYPES } from './audit-event.ts';
import { classOf, isClassed, OCSF, OCSF_CLASS, redactedData, SEVERITY } from './catalogue.ts';
import { PUBLIC, SENSITIVE } from './data-fields.ts';

test('what is public leaves the cell, what is sensitive as its digest, and everything else stays', () => {
  const data = { step_key: 'assign', name: 'Desk of Ms. A', session_token: 'x', nested_thing: { a: 1 } };
  expect(redactedData(data, () => 'digest', false)).toEqual({ step_key: 'assign', name: 'digest' });
  expect(redactedData(data, () => 'digest', true)).toEqual({ step_key: 'assign', name: 'Desk of Ms. A' });
  expect([classOf('name'), classOf('a_field_of_tomorrow')]).toEqual(['sensitive', 'secret']);
});

test('every event has a class of OCSF, and no class is of events that nobody writes', () => {
  const kinds = AUDIT_EVENT_TYPES.map((type) => type.slice(0, type.indexOf('.')));
  expect(Object.keys(OCSF_CLASS).toSorted()).toEqual([...new Set(kinds)].toSorted());
  expect(Object.values(OCSF_CLASS).filter((name) => OCSF[name] === undefined)).toEqual([]);
  expect(Object.keys(SEVERITY).filter((type) => !AUDIT_EVENT_TYPES.some((known) => known === type))).toEqual([]);
});

test('a member has one class', () => {
  const names = [...PUBLIC, ...SENSITIVE];
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  expect([isClassed('step_key'), isClassed('dedupe_key'), isClassed('a_field_of_tomorrow')]).toEqual([true, true, false]);
});
