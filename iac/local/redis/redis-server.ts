import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tether } from '../postgres/tether.ts';
import { RedisServerError } from './errors.ts';

export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  /** Resolves when the server has ended, however. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Starts Redis on 127.0.0.1. It keeps nothing on disk: what is in it may be lost.
 * @throws RedisServerError
 */
export async function startRedis(program: string, port: number): Promise<RedisServer> {
  const [command = program, ...args] = [...await tether(), program, '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const server = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit');
  await untilItListens(server, port);
  return {
    url: `redis://127.0.0.1:${port}`, pid: server.pid ?? 0, ended,
    async stop() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}

function untilItListens(server: ChildProcess, port: number): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new RedisServerError('redis_did_not_start', `Redis did not start on port ${port}: ${said.trim().split('\n').at(-1) ?? 'it said nothing'}`));
    server.once('error', fail).once('exit', fail);
    server.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LONGEST_SAID);
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
}

const LONGEST_SAID = 10_000;
