import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import type { ModelStore } from '@countersign/connectors/sdk/connector.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { Contents } from '../contents/contents.ts';
import { leasedCall } from '../testing/leased-call.ts';
import { Plant } from '../testing/plant.ts';
import { postgresModelStores } from './model-stores.ts';

let plant: Plant;
let call: CallIdentity;
let store: ModelStore;
beforeAll(async () => {
  plant = await Plant.open();
  call = await leasedCall(plant);
  const keys = await FileKeys.open(`${plant.folder}/key`, { create: false });
  const objects = new FolderObjects(path.join(plant.folder, 'objects'));
  store = postgresModelStores({ database: plant.database.execution, objects, contents: new Contents(keys, 14), clock: systemClock, worker: 'test' }).forCall(call);
});
afterAll(() => plant.close());

const learnt = { bytes: Buffer.from('weights that remember the word canary'), labelled_count: 3, metrics: {} };
const folder = (): string => path.join(plant.folder, 'objects', 'models', plant.ids.tenantId, plant.ids.instanceId);

it('keeps a model sealed, gives it back as it was, and keeps the same one again as another version', async () => {
  expect(await store.latest(plant.ids.instanceId)).toBeNull();
  const first = await store.save(plant.ids.instanceId, learnt);
  const second = await store.save(plant.ids.instanceId, learnt);
  expect([first.version, second.version, second.digest]).toEqual([1, 2, first.digest]);
  const latest = await store.latest(plant.ids.instanceId);
  expect(latest).toMatchObject({ id: second.id, version: 2, digest: first.digest });
  expect(Buffer.from(latest!.bytes).equals(learnt.bytes)).toBe(true);

  const files = await readdir(folder());
  expect(files).toHaveLength(2);
  for (const file of files) expect((await readFile(path.join(folder(), file))).includes('canary')).toBe(false);
});

it('does not give out a model whose bytes were exchanged or belong to another', async () => {
  const { id } = await store.save(plant.ids.instanceId, learnt);
  const other = await store.save(plant.ids.instanceId, { ...learnt, bytes: Buffer.from('another') });
  const file = path.join(folder(), other.id);
  const bytes = await readFile(path.join(folder(), id));
  await rm(file);
  await writeFile(file, bytes);
  await expect(store.latest(plant.ids.instanceId)).rejects.toMatchObject({ code: 'unseal_failed' });
});
