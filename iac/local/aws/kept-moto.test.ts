import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKmsKey } from '@countersign/platform/keys/create-kms-key.ts';
import { openKmsKek } from '@countersign/platform/keys/kms-kek.ts';
import { createLocalBucket } from '@countersign/platform/objects/create-bucket.ts';
import { S3Objects } from '@countersign/platform/objects/s3-objects.ts';
import { openAwsSecrets } from '@countersign/platform/secrets/aws-secrets.ts';
import { secretsWriter } from '@countersign/platform/secrets/secrets-writer.ts';
import { ROOT } from '../config.ts';
import { startMoto } from './moto.ts';
import type { RunningMoto } from './moto.ts';

let folder: string;
let server: RunningMoto;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kept-moto-'));
  server = await startMoto(path.join(ROOT, '.cache'), { folder });
}, 300_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const context = { tenant_id: 'ten_a', purpose: 'seal/content', generation: '1' };

test('what the stand-in was given is there after it was started again: keys, secrets, objects and how long they are retained', async () => {
  const { endpoint } = server;
  const keyId = await createKmsKey(endpoint);
  const wrapped = await openKmsKek({ keyId, endpoint, region: null }).wrap(context, Buffer.alloc(32, 7));
  await secretsWriter(endpoint)('cell/ten_a/desk', '{"token":"t"}');
  await createLocalBucket(endpoint, 'kept-bucket');
  const objects = (): S3Objects => new S3Objects({ bucket: 'kept-bucket', prefix: '', region: null, endpoint });
  await objects().put('t/a/one', Buffer.from('one'), { retainUntil: new Date(Date.now() + 86_400_000) });
  await objects().put('t/a/two', Buffer.from('two'));
  await objects().put('t/a/gone', Buffer.from('gone'));
  await objects().remove('t/a/gone');

  await server.restart();
  await createLocalBucket(endpoint, 'kept-bucket');
  expect(Buffer.from(await openKmsKek({ keyId, endpoint, region: null }).unwrap(context, wrapped))).toEqual(Buffer.alloc(32, 7));
  expect(Buffer.from(await openAwsSecrets({ prefix: 'cell', endpoint, region: null }).read('ten_a', 'desk')).toString()).toBe('{"token":"t"}');
  const keys: string[] = [];
  for await (const key of objects().list('')) keys.push(key);
  expect(keys).toEqual(['t/a/one', 't/a/two']);
  expect(Buffer.from(await objects().get('t/a/one')).toString()).toBe('one');
  await expect(objects().remove('t/a/one')).rejects.toMatchObject({ code: 'object_retained' });
  await expect(objects().put('t/a/two', Buffer.from('other'))).rejects.toMatchObject({ code: 'object_exists' });
}, 60_000);
