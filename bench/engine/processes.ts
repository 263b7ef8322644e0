import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EngineBenchError } from './errors.ts';
import type { Measured, Place, StepKind } from './contender.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type ToContender = { readonly do: 'measure'; readonly in_flight: number; readonly duration_ms: number } | { readonly do: 'stop' };
export type FromContender = { readonly ready: true } | { readonly figures: Measured } | { readonly failed: string };

export interface ContenderProcess {
  measure(inFlight: number, durationMs: number): Promise<Measured>;
  stop(): Promise<void>;
}

/** Resolves when it could be asked to run something. */
export async function startContender(name: string, kind: StepKind, place: Place): Promise<ContenderProcess> {
  const child = fork(path.join(import.meta.dirname, 'contender-process.ts'), [name, kind, JSON.stringify(place)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await answer(child, name);
  return {
    async measure(inFlight, durationMs) {
      child.send({ do: 'measure', in_flight: inFlight, duration_ms: durationMs } satisfies ToContender);
      const message = await answer(child, name);
      if ('figures' in message) return message.figures;
      throw new EngineBenchError('contender_failed', `${name}: ${'failed' in message ? message.failed : 'answered something else'}`);
    },
    async stop() {
      const exited = once(child, 'exit');
      child.send({ do: 'stop' } satisfies ToContender);
      await exited;
    },
  };
}

async function answer(child: ChildProcess, name: string): Promise<FromContender> {
  const over = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: over.signal }).then(([message]) => message as FromContender),
      once(child, 'exit', { signal: over.signal }).then(([code]) => { throw new EngineBenchError('contender_ended', `${name} ended with ${code}.`); }),
    ]);
  } finally {
    over.abort();
  }
}

export interface ServerUrls {
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly executionUrl: string;
}

/** One PostgreSQL for all, that waits for the disk as one in production does. A process of its own, because only iac/local starts servers. */
export async function startPostgres(): Promise<ServerUrls & { stop(): Promise<void> }> {
  const server = spawn(process.execPath, [path.join(ROOT, 'iac/local/scratch-postgres.ts'), '--durable'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: server.stdout }), 'line') as [string];
  const { admin_url, control_url, execution_url } = JSON.parse(line) as { admin_url: string; control_url: string; execution_url: string };
  return {
    adminUrl: admin_url, controlUrl: control_url, executionUrl: execution_url,
    async stop() {
      const exited = once(server, 'exit');
      server.stdin.end();
      await exited;
    },
  };
}
