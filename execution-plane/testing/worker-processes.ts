import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Plant } from './plant.ts';

/** Worker processes of a plant, killed with it. */
export class WorkerProcesses {
  readonly #plant: Plant;
  readonly #started: ChildProcess[] = [];

  constructor(plant: Plant) {
    this.#plant = plant;
  }

  /** Resolves when it takes work. */
  async start(workerId: string, settings: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
    const { databaseUrl, objectsFolder } = this.#plant.config();
    const child = fork(new URL('./worker-main.ts', import.meta.url), {
      execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        COUNTERSIGN_EXECUTION_DATABASE_URL: databaseUrl, COUNTERSIGN_OBJECTS_DIR: objectsFolder, COUNTERSIGN_KEY_FILE: `${this.#plant.folder}/key`, COUNTERSIGN_WORKER_ID: workerId,
        COUNTERSIGN_LOG_LEVEL: 'silent', COUNTERSIGN_RECONCILE_SECONDS: '0', COUNTERSIGN_CONCURRENCY: '4', ...settings,
      },
    });
    this.#started.push(child);
    await once(child, 'message');
    return child;
  }

  async killAll(): Promise<void> {
    for (const child of this.#started.filter(lives)) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }
}

/** Sends SIGTERM and gives the exit code. */
export async function terminate(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  return (await ended as [number | null])[0];
}

function lives(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
