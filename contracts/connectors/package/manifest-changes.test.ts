import { expect, test } from 'vitest';
import type { ActionManifest, ConnectorManifest } from '../manifest.ts';
import { manifestChanges } from './manifest-changes.ts';

const action = (changes: Partial<ActionManifest>): ConnectorManifest => ({
  name: 'desk', version: '1.0.0', title: 'Desk', description: '', credentials: ['none'],
  actions: {
    get: { title: 'Read', risk: 'read', reversible: true, idempotent: true, reconcile: false, parameters: {}, output: {}, output_labels: ['ticket_text'], sensitive_parameters: [], content_parameters: [], redact: [], timeout_ms: 1_000, ...changes },
  },
});

test('policy judges by classes of data: one that a new version no longer names widens what it may do', () => {
  const pointer = '/actions/get/data_classes';
  expect(manifestChanges(action({ data_classes: ['personal', 'health'] }), action({ data_classes: ['personal'] }))).toEqual([{ kind: 'removed', pointer, before: 'health', after: null, widens: true }]);
  expect(manifestChanges(action({}), action({ data_classes: ['personal'] }))).toEqual([{ kind: 'added', pointer, before: null, after: 'personal', widens: false }]);
});
