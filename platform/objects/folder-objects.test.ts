import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { objectsConformance } from './conformance.ts';
import { FolderObjects } from './folder-objects.ts';
import { readS3Place } from './settings.ts';

objectsConformance('a folder', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-objects-'));
  return { objects: new FolderObjects(folder), stop: () => rm(folder, { recursive: true }) };
});

test('the bucket that the environment names', () => {
  expect(readS3Place({})).toBeNull();
  expect(readS3Place({ COUNTERSIGN_OBJECTS_S3_BUCKET: 'cell-1', COUNTERSIGN_OBJECTS_S3_PREFIX: 'a/', COUNTERSIGN_OBJECTS_S3_REGION: 'eu-central-1' })).toEqual({ bucket: 'cell-1', prefix: 'a/', region: 'eu-central-1', endpoint: null });
  for (const env of [{ COUNTERSIGN_OBJECTS_S3_BUCKET: 'A' }, { COUNTERSIGN_OBJECTS_S3_BUCKET: 'cell-1', COUNTERSIGN_OBJECTS_S3_PREFIX: 'a' }, { COUNTERSIGN_OBJECTS_S3_BUCKET: 'cell-1', COUNTERSIGN_OBJECTS_S3_ENDPOINT: 'x' }]) expect(readS3Place(env)).toHaveProperty('problem');
});
