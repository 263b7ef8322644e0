import { expect, test } from 'vitest';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import { isPassing } from './passing-faults.ts';

test.each([
  ['a connection that was refused', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), true], ['a deadlock', Object.assign(new Error('x'), { code: '40P01' }), true],
  ['a root key that does not answer', new KeysError('kek_unreachable', 'x'), true], ['content whose key was destroyed', new KeysError('key_shredded', 'x'), false],
  ['content that was altered', new KeysError('unseal_failed', 'x'), false], ['a row that breaks a rule', Object.assign(new Error('x'), { code: '23514' }), false], ['a bug', new TypeError('x'), false],
])('%s', (_what, error, passing) => {
  expect(isPassing(error)).toBe(passing);
});
