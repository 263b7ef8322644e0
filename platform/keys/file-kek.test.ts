import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { FileKek } from './file-kek.ts';
import { kekConformance } from './kek-conformance.ts';
import { createKeyFile } from './key-file.ts';
import { readKeySettings } from './settings.ts';

kekConformance('a file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'file-kek-'));
  const [one, other] = [path.join(folder, 'one'), path.join(folder, 'other')];
  await createKeyFile(one);
  await createKeyFile(other);
  return { kek: await FileKek.open(one), other: await FileKek.open(other), stop: () => rm(folder, { recursive: true }) };
});

test('settings name the variable and what it takes', () => {
  expect(readKeySettings({ COUNTERSIGN_KEY_FILE: '/k' })).toEqual({ root: { kind: 'file', file: '/k' }, also: [] });
  expect(readKeySettings({ COUNTERSIGN_KEYS: 'aws-kms', COUNTERSIGN_KMS_KEY_ID: 'arn:k', COUNTERSIGN_KEYS_ALSO: 'file:/k, aws-kms:arn:old', COUNTERSIGN_AWS_REGION: 'eu-central-1' })).toEqual({
    root: { kind: 'aws-kms', keyId: 'arn:k', endpoint: null, region: 'eu-central-1' },
    also: [{ kind: 'file', file: '/k' }, { kind: 'aws-kms', keyId: 'arn:old', endpoint: null, region: 'eu-central-1' }],
  });
  for (const [env, variable] of [[{}, 'COUNTERSIGN_KEY_FILE'], [{ COUNTERSIGN_KEYS: 'vault' }, 'COUNTERSIGN_KEYS'], [{ COUNTERSIGN_KEYS: 'aws-kms' }, 'COUNTERSIGN_KMS_KEY_ID'],
    [{ COUNTERSIGN_KEY_FILE: '/k', COUNTERSIGN_KEYS_ALSO: '/old' }, 'COUNTERSIGN_KEYS_ALSO'], [{ COUNTERSIGN_KEY_FILE: '/k', COUNTERSIGN_AWS_ENDPOINT: 'kms' }, 'COUNTERSIGN_AWS_ENDPOINT']] as const) {
    expect(() => readKeySettings(env)).toThrow(expect.objectContaining({ code: 'setting_invalid', message: expect.stringMatching(new RegExp(`^${variable} `)) as string }) as Error);
  }
});
