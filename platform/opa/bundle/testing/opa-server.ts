import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { findOpa } from '../../../../policies/opa-command.ts';

/** `opa run --server` as anybody would start it. */
export interface OpaServer {
  /** What it answers to `countersign/decision`; undefined where nothing is defined there. */
  ask(input: unknown): Promise<unknown>;
  /** Resolves when its log has a line with `words`, which it may have already. */
  said(words: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startOpaServer(args: readonly string[]): Promise<OpaServer> {
  const port = await freePort();
  const server = spawn(await findOpa(), ['run', '--server', '--addr', `127.0.0.1:${port}`, '--skip-version-check', '--log-format', 'json', '--log-level', 'debug', ...args]);
  let log = '';
  const listeners = new Set<() => void>();
  server.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    for (const listener of listeners) listener();
  });
  const said = (words: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (log.includes(words)) resolve();
      };
      listeners.add(look);
      server.once('exit', (code) => reject(new TypeError(`opa run ended with ${code}: ${log}`)));
      look();
    });
  await said('Server initialized');
  await untilItListens(port);
  return {
    ask: (input) => post(port, input),
    said,
    async stop() {
      server.removeAllListeners('exit');
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    },
  };
}

/** It says that it is initialized a moment before it listens. */
async function untilItListens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const answer = await once(socket, 'connect').then(() => 'listens', () => 'refused');
    socket.destroy();
    if (answer === 'listens') return;
    await setImmediate();
  }
}

function post(port: number, input: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method: 'POST', path: '/v1/data/countersign/decision', headers: { 'content-type': 'application/json' } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve((JSON.parse(body) as { result?: unknown }).result));
    });
    call.on('error', reject);
    call.end(JSON.stringify({ input }));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
