import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CellProcess } from './child-process.ts';
import type { Ready } from './child-process.ts';
import type { CellApi } from './cell-api.ts';
import type { DataFolder } from './data-folder.ts';
import { anyFreePort } from './ports.ts';

const NAME = 'localhost/witness-beside-the-cell';

interface WitnessInput {
  readonly api: CellApi;
  readonly folder: DataFolder;
  readonly tenantId: string;
  readonly common: { readonly logsDir: string; readonly verbose: boolean; readonly say: (line: string) => void };
  readonly begin: (process: CellProcess) => Promise<Ready>;
}

/**
 * Our witness on the cell's own machine, registered with the first tenant: it shows what a witness does, and proves little, for whoever has the machine has
 * both. It knows the checkpoint keys that were published when it started.
 */
export async function startWitnessBeside({ api, folder, tenantId, common, begin }: WitnessInput): Promise<CellProcess> {
  const { port } = await keptPort(folder);
  const logsFile = path.join(folder.witness, 'logs.json');
  await writeFile(logsFile, JSON.stringify([{ prefix: `countersign.dev/audit/${tenantId}/`, public_keys: await checkpointKeys(api) }]), { mode: 0o600 });
  const witness = new CellProcess({
    ...common, name: 'witness', entry: 'witness/main.ts', env: {},
    args: ['--name', NAME, '--data', path.join(folder.witness, 'data'), '--logs', logsFile, '--listen', `127.0.0.1:${port}`],
  });
  const { listening: url = '', vkey = '' } = await begin(witness);
  if (!(await api.witnesses()).some((known) => known.vkey === vkey)) await api.createWitness({ vkey, url });
  return witness;
}

/** Its address is registered, so it stays what it was. */
async function keptPort(folder: DataFolder): Promise<{ readonly port: number }> {
  const kept = await folder.readKept<{ port: number }>('witness', ['port']) ?? { port: await anyFreePort() };
  await folder.keep('witness', kept);
  return kept;
}

/** In standard base64, as the witness takes them. */
async function checkpointKeys(api: CellApi): Promise<string[]> {
  const { keys } = await api.keys();
  return keys.filter(({ purpose, revoked_at }) => purpose === 'checkpoint' && revoked_at === null).map(({ public_jwk }) => Buffer.from(String(public_jwk['x']), 'base64url').toString('base64'));
}
