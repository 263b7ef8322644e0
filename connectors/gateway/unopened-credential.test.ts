import { expect, test } from 'vitest';
import { SecretsError } from '@countersign/platform/secrets/errors.ts';
import { unopenedCredential } from './unopened-credential.ts';

test.each([
  ['does not answer', new SecretsError('secret_unreachable', 'x'), true], ['has none', new SecretsError('secret_missing', 'x'), false], ['refuses', new SecretsError('secret_refused', 'x'), false], ['holds other bytes', new TypeError('x'), false],
])('a call whose store of credentials %s sends nothing, and is tried again only where that helps', (_what, cause, retryable) => {
  expect(unopenedCredential('cred_1', 'desk', cause)).toMatchObject({ code: 'credential_unusable', effect: 'none', retryable, cause });
});
