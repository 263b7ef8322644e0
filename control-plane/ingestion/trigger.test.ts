import { expect, test } from 'vitest';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import { SchemaChecks } from '../connectors/schema-checks.ts';
import { deskManifest } from '../testing/manifests.ts';
import { readEvent } from './trigger.ts';
import type { ReadEvent } from './trigger.ts';

/** The desk, but its sender may send more than is asked for. */
function lenientDesk(): ConnectorManifest {
  const manifest = deskManifest();
  const created = manifest.triggers?.['ticket.created'];
  if (created === undefined) throw new TypeError('the desk has no trigger');
  const properties = {
    ...created.payload['properties'] as object,
    place: { type: 'object', properties: { floor: { type: 'integer' } } }, tags: { type: 'array', items: { type: 'string' } }, anything: { type: 'object' },
  };
  return { ...manifest, triggers: { 'ticket.created': { ...created, payload: { ...created.payload, additionalProperties: true, properties } } } };
}

const read = (payload: JsonValue): ReadEvent => readEvent(lenientDesk(), 'sha256:lenient', payload, new SchemaChecks());
const ticket = { id: 'a', number: 'T1', version: 0, operation: 'insert', changed_by: 'abel' };

test('only what the schema names is kept, at every depth: the rest may be what somebody wrote in a ticket', () => {
  const canary = 'my password is';
  const { payload } = read({
    ...ticket, description: canary, constructor: canary, place: { floor: 3, note: canary }, tags: ['vip'], anything: { said: canary },
  });
  expect(payload).toEqual({ ...ticket, place: { floor: 3 }, tags: ['vip'], anything: {} });
});

test('of an event that nothing listens to, nothing is kept but the id of what it is about', () => {
  expect(read({ ...ticket, operation: 'delete', number: 'a canary sings' })).toMatchObject({ event: null, subject: 'a', subjectLabel: null, payload: {} });
  expect(read({ ...ticket, operation: 'delete', id: 'a canary sings' })).toMatchObject({ subject: 'unknown' });
});
