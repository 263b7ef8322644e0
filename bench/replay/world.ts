import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { insertEnvironment, insertTenant, insertTenantDirectory, insertWorkspace } from '@countersign/control-plane/identity/bootstrap-queries.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import type { Place } from './generate.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A database, keys and objects that are thrown away, with one tenant. */
export interface World {
  readonly control: Database;
  readonly execution: Database;
  readonly controlUrl: string;
  readonly keys: FileKeys;
  readonly keyFile: string;
  readonly objects: FolderObjects;
  readonly objectsFolder: string;
  readonly place: Place;
  close(): Promise<void>;
}

export async function makeWorld(): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-bench-replay-'));
  const { server, controlUrl, executionUrl } = await startPostgres();
  const keyFile = path.join(folder, 'key');
  const objectsFolder = path.join(folder, 'objects');
  const control = new Database({ url: controlUrl, applicationName: 'bench replay' });
  const execution = new Database({ url: executionUrl, applicationName: 'bench replay' });
  return {
    control, execution, controlUrl, keyFile, objectsFolder,
    keys: await FileKeys.open(keyFile, { create: true }), objects: new FolderObjects(objectsFolder), place: await seedPlace(control),
    close: async () => {
      await Promise.all([control.close(), execution.close()]);
      server.stdin?.end();
      await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A process of its own, because only iac/local starts servers. */
async function startPostgres(): Promise<{ server: ChildProcess; controlUrl: string; executionUrl: string }> {
  const server = spawn(process.execPath, [path.join(ROOT, 'iac/local/scratch-postgres.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout });
  const [line] = await once(lines, 'line') as [string];
  const { control_url, execution_url } = JSON.parse(line) as { control_url: string; execution_url: string };
  return { server, controlUrl: control_url, executionUrl: execution_url };
}

async function seedPlace(control: Database): Promise<Place> {
  const place = { tenantId: newId('tenant'), workspaceId: newId('workspace'), environmentId: newId('environment') };
  await control.forTenant(place.tenantId, async (tx) => {
    await tx.change(insertTenantDirectory, [place.tenantId, 'bench', 'us', 'local']);
    await tx.change(insertTenant, [place.tenantId, 'Bench']);
    await tx.change(insertWorkspace, [place.tenantId, place.workspaceId, 'operations', 'Operations']);
    await tx.change(insertEnvironment, [place.tenantId, place.workspaceId, place.environmentId, 'prod', 3]);
  });
  return place;
}
