import { expect, test } from 'vitest';
import { classifier } from '../classifier/connector.ts';
import { packageProblem } from './pinned-package.ts';
import type { InstanceView } from './ports.ts';
import { instanceOf } from './testing/test-gateway.ts';

const pinned = (changes: Partial<InstanceView> = {}): InstanceView => instanceOf(classifier, { packageDigest: classifier.packageDigest ?? null, ...changes });

test('an instance runs what it is pinned to', () => {
  expect(classifier.packageDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(packageProblem(pinned(), classifier)).toBeNull();
});

test.each<[string, Partial<InstanceView>, string, string]>([
  ['another version', { connectorVersion: '0.9.0' }, 'manifest_changed', 'countersign connector approve classifier'],
  ['another manifest of the same version', { manifestDigest: `sha256:${'0'.repeat(64)}` }, 'manifest_changed', 'Raise `version`'],
  ['other code of the same version', { packageDigest: `sha256:${'0'.repeat(64)}` }, 'package_changed', 'Raise `version`'],
])('%s is refused, and the message says how it goes on', (_what, changes, code, words) => {
  expect(packageProblem(pinned(changes), classifier)).toMatchObject({ code, message: expect.stringContaining(words) as string });
});

test('code from the folder is never run on a manifest alone; what is shipped is', () => {
  expect(packageProblem(pinned({ packageDigest: null }), classifier)).toBeNull();
  expect(packageProblem(pinned({ packageDigest: null }), { ...classifier, origin: 'folder' })).toMatchObject({ code: 'package_unapproved' });
});
