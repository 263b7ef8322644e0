import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatVerifierKey } from '@countersign/contracts/transparency/note.ts';
import { startHttpServer } from '@countersign/platform/http/http-server.ts';
import type { WitnessConfig } from './config.ts';
import { WitnessError } from './config.ts';
import { witnessListener } from './http/witness-listener.ts';
import { readLogs } from './logs.ts';
import { Seen } from './seen.ts';
import { openKey } from './witness-key.ts';
import { Witness } from './witness.ts';

export interface RunningWitness {
  readonly url: string;
  /** What its cosignatures are verified with. */
  readonly vkey: string;
  stop(): Promise<void>;
}

const DRAIN_MS = 3_000;

/** Puts a witness together and starts it. The one place that says `new`. */
export async function startWitness(config: WitnessConfig, onFailure: (error: unknown) => void): Promise<RunningWitness> {
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const lock = await takeFolder(config.dataFolder);
  const key = await openKey(config.dataFolder, config.name);
  const witness = new Witness({ key, logs: await readLogs(config.logsFile), seen: new Seen(config.dataFolder), now: () => new Date() });
  const server = await startHttpServer(witnessListener(witness, onFailure), config);
  return {
    url: server.url, vkey: formatVerifierKey(key.verifier),
    stop: async () => {
      await server.stop(DRAIN_MS);
      await rm(lock, { force: true });
    },
  };
}

/** Two witnesses of one folder would each sign what the other has not seen. A file of a process that is gone is taken over. */
async function takeFolder(folder: string): Promise<string> {
  const lock = path.join(folder, 'pid');
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (holder > 0 && holder !== process.pid && isRunning(holder)) throw new WitnessError('data_in_use', `A witness with process id ${holder} works in ${folder}. Stop it first.`);
  await writeFile(lock, String(process.pid), { mode: 0o600 });
  return lock;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
