import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readKeySettings } from '@countersign/platform/keys/settings.ts';
import { awsEnvironment, isOnAws, keptAwsSide } from './aws-side.ts';
import type { AwsSide } from './aws-side.ts';
import { openDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';

const KMS = 'arn:aws:kms:us-east-1:123456789012:key/k';
let place: string;
let folder: DataFolder;
beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'aws-side-'));
  folder = await openDataFolder(place, { fresh: false });
});
afterEach(() => rm(place, { recursive: true }));

const had = async (side: Partial<AwsSide>): Promise<DataFolder> => {
  await folder.keep('aws', { keys: 'file', secrets: 'database', objects: 'folder', kms_key_id: null, bucket: null, ...side });
  return { ...folder, isNew: false };
};

test('a cell is on this machine alone unless it is asked for more, and stays what it was', async () => {
  const made = await keptAwsSide(folder, {});
  expect([isOnAws(made), awsEnvironment(made, '', folder)]).toEqual([false, { COUNTERSIGN_KEY_FILE: folder.keyFile, COUNTERSIGN_OBJECTS_DIR: folder.objects }]);
  expect(await keptAwsSide(await had({ keys: 'kms', objects: 's3', kms_key_id: KMS, bucket: 'b' }), {})).toMatchObject({ keys: 'kms', objects: 's3', bucket: 'b' });
});

test('a first start that did not come to its end is done again', async () => {
  await keptAwsSide(folder, { objects: 's3', secrets: 'aws', keys: 'kms' });
  expect(await keptAwsSide({ ...folder, isNew: false }, { objects: 's3' })).toMatchObject({ keys: 'kms', secrets: 'aws', objects: 's3', kms_key_id: null, bucket: null });
});

test('the root key goes to KMS and back, and the one of before is named meanwhile', async () => {
  await writeFile(folder.keyFile, '');
  const there = await keptAwsSide(await had({ kms_key_id: KMS }), { keys: 'kms' });
  expect(readKeySettings(awsEnvironment(there, 'http://127.0.0.1:1', folder))).toMatchObject({ root: { kind: 'aws-kms', keyId: KMS }, also: [{ kind: 'file', file: folder.keyFile }] });
  const back = await keptAwsSide(await had({ keys: 'kms', kms_key_id: KMS }), { keys: 'file' });
  expect(readKeySettings(awsEnvironment(back, 'http://127.0.0.1:1', folder))).toMatchObject({ root: { kind: 'file' }, also: [{ kind: 'aws-kms', keyId: KMS }] });
  expect(isOnAws(back)).toBe(true);
});

test.each([
  [{ objects: 's3' }, { objects: 'folder' }, 'This cell was made with --objects s3.'], [{}, { objects: 's3' }, 'This cell was made with --objects folder.'],
  [{ secrets: 'aws' }, { secrets: 'database' }, 'This cell was made with --secrets aws.'],
] as const)('what nobody moves is not left behind: %j, then %j', async (was, asked, said) => {
  await expect(keptAwsSide(await had(was), asked)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(said) as string });
});
