import { expect, test } from 'vitest';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import { askedAgainWhileAway } from './store-away.ts';

test.each([new ObjectsError('objects_unreachable', 'x'), new KeysError('kek_unreachable', 'x')])('a call is tried again while the store does not answer: $code', async (cause) => {
  await expect(askedAgainWhileAway(() => Promise.reject(cause))).rejects.toMatchObject({ name: 'ConnectorError', code: 'peer_unavailable', effect: 'none', retryable: true, cause });
});

test.each([new ObjectsError('object_missing', 'x'), new KeysError('key_shredded', 'x'), new TypeError('x')])('anything else is as it was: $message', async (cause) => {
  await expect(askedAgainWhileAway(() => Promise.reject(cause))).rejects.toBe(cause);
});
