import { AUDIT_EVENT_TYPES } from '@countersign/contracts/events/audit-event.ts';
import { expect, it } from 'vitest';
import { NEW_SINK, newSinkOf, sinkChangeOf, TYPE_CHOICES, wrongWith } from './sink-form.ts';

it('a webhook has an endpoint, and the object store none', () => {
  expect(newSinkOf({ ...NEW_SINK, name: ' SIEM ', endpoint: ' https://siem.example.com/in ' })).toEqual({ name: 'SIEM', kind: 'webhook', format: 'ocsf', endpoint: 'https://siem.example.com/in', types: null, shows_sensitive: false, from_first: false });
  expect(newSinkOf({ ...NEW_SINK, name: 'Lake', kind: 's3', endpoint: 'https://left.over', fromFirst: true })).toEqual({ name: 'Lake', kind: 's3', format: 'ocsf', types: null, shows_sensitive: false, from_first: true });
});

it('no type chosen is all of them, in a change, too', () => {
  expect(sinkChangeOf('SIEM', [])).toEqual({ name: 'SIEM', types: null });
  expect(sinkChangeOf('SIEM', ['approval.*', 'run.created'])).toEqual({ name: 'SIEM', types: ['approval.*', 'run.created'] });
});

it('every type that there is can be chosen, behind all of its kind', () => {
  for (const type of AUDIT_EVENT_TYPES) expect(TYPE_CHOICES.indexOf(type)).toBeGreaterThan(TYPE_CHOICES.indexOf(`${type.split('.')[0]}.*`));
  expect(new Set(TYPE_CHOICES).size).toBe(TYPE_CHOICES.length);
});

it.each([
  [{ name: '', kind: 'webhook', endpoint: 'https://a.example' }, 'Give it a name.'], [{ name: 'a', kind: 'webhook', endpoint: 'siem' }, 'Write the address that events are posted to.'],
  [{ name: 'a', kind: 'webhook', endpoint: 'ftp://a.example' }, 'The address begins with https://.'], [{ name: 'a', kind: 'webhook', endpoint: 'https://a.example/?token=1' }, 'The address has no query, no fragment and no user: what is sent is signed instead.'],
  [{ name: 'a', kind: 's3', endpoint: '' }, null], [{ name: 'a', kind: 'webhook', endpoint: 'https://a.example/in' }, null],
] as const)('%j: %s', (form, said) => expect(wrongWith(form)).toBe(said));
