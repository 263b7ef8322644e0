import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { World } from './world.ts';

/** The sequencer in a process of its own, as in a cell. */
export interface Sealer {
  /** As a notification does after a commit. */
  wake(tenantId: string): void;
  stop(): Promise<void>;
}

export async function startSealer({ controlUrl, folder }: World): Promise<Sealer> {
  const child = fork(path.join(import.meta.dirname, 'sealer-process.ts'), [controlUrl, folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    wake: (tenantId) => { child.send({ wake: tenantId }); },
    async stop() {
      const exited = once(child, 'exit');
      child.send('stop');
      await exited;
    },
  };
}
