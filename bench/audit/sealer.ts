import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** The sequencer in a process of its own, as in a cell: one for the whole measurement, since one in a cell has long planned and compiled what it does. */
export interface Sealer {
  /** As a notification does after a commit. */
  wake(tenantId: string): void;
  /** Nothing of it runs until `resume`: what is measured without it does not pay for what it does at rest. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export async function startSealer(controlUrl: string, folder: string): Promise<Sealer> {
  const child = fork(path.join(import.meta.dirname, 'sealer-process.ts'), [controlUrl, folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    wake: (tenantId) => { child.send({ wake: tenantId }); },
    pause: () => { child.kill('SIGSTOP'); },
    resume: () => { child.kill('SIGCONT'); },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.send('stop');
      await exited;
    },
  };
}
