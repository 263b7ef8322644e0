import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { RestartableSqs } from '@countersign/execution-plane/wake/testing/sqs-wakes.ts';
import { anyFreePort } from '../cell/ports.ts';
import { lastLine } from '../debian/apt.ts';
import { AwsStandInError } from './errors.ts';

/** Moto's server needs these two besides; its extra `server` would bring much that only other services need. */
const PACKAGES = ['moto==5.1.12', 'flask==3.1.2', 'flask-cors==6.0.1'];
const INSTALL_TIMEOUT_MS = 240_000;

const run = promisify(execFile);

/**
 * The Python of an environment of ours under `cacheDir` that has moto, made there when it is not. Tests must not pass because a stand-in was
 * missing, so where it cannot be had this throws.
 * @throws AwsStandInError
 */
export async function ensureMoto(cacheDir: string, say: (line: string) => void = () => undefined): Promise<string> {
  const folder = path.join(cacheDir, PACKAGES[0]!.replace('==', '-'));
  const python = path.join(folder, 'bin/python');
  if (await access(python).then(() => true, () => false)) return python;
  await run('python3', ['-c', 'import venv, ensurepip']).catch((cause: unknown) => {
    throw new AwsStandInError('moto_missing', 'What stands in for AWS here is moto, an implementation of its own, which needs python3 with venv. Install it ("apt-get install python3-venv" on Debian).', { cause });
  });
  say('installing moto, a stand-in for AWS, with pip');
  await mkdir(cacheDir, { recursive: true });
  // Made beside and moved: an environment that is there is whole. What is run by its Python does not mind the move.
  const beside = `${folder}.${process.pid}`;
  try {
    await run('python3', ['-m', 'venv', beside], { timeout: INSTALL_TIMEOUT_MS });
    await run(path.join(beside, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], { timeout: INSTALL_TIMEOUT_MS });
    await rename(beside, folder).catch(async (error: unknown) => {
      // Another test run was quicker.
      if (!await access(python).then(() => true, () => false)) throw error;
    });
  } catch (cause) {
    throw new AwsStandInError('moto_failed', `moto could not be installed with pip (${lastLine(cause)}). See that the Python package index can be reached.`, { cause });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  return python;
}

export interface MotoOptions {
  /** Absent: any free one. */
  readonly port?: number;
  /** Where it keeps what it is given. Absent: in memory, and gone when it stops. */
  readonly folder?: string;
}

/** Starts moto, a stand-in for AWS (SQS, S3, KMS, Secrets Manager), on 127.0.0.1. */
export async function startMoto(cacheDir: string, { port: asked, folder }: MotoOptions = {}): Promise<RunningMoto> {
  const python = await ensureMoto(cacheDir);
  const port = asked ?? await anyFreePort();
  const args = folder === undefined ? ['-c', SERVE, String(port)] : [KEPT_MOTO, String(port), folder];
  let server = await serve(python, args);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get ended() { return server.exitCode === null && server.signalCode === null ? once(server, 'exit') : Promise.resolve(); },
    async restart() {
      await end(server);
      server = await serve(python, args);
    },
    stop: () => end(server),
  };
}

export interface RunningMoto extends RestartableSqs {
  /** Resolves when the server that runs now has ended, however. */
  readonly ended: Promise<unknown>;
}

const KEPT_MOTO = path.join(import.meta.dirname, 'kept_moto.py');

async function serve(python: string, args: readonly string[]): Promise<ChildProcess> {
  const server = spawn(python, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  server.stderr.setEncoding('utf8');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (text: string) => {
      said = (said + text).slice(-LONGEST_SAID);
      if (said.includes('Running on')) resolve();
    });
    server.once('exit', () => reject(new AwsStandInError('moto_failed', `moto ended before it listened: ${said.trim().split('\n').at(-1) ?? ''}`)));
  });
  return server;
}

const LONGEST_SAID = 10_000;

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

/**
 * Ends with us, however we end: a pipe that nobody holds any more is closed. Objects are put one after the other: moto looks whether there is
 * one and writes it in two steps, and of two writers at the same moment S3 lets one win.
 */
const SERVE = `
import os, sys, threading
from moto import server
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
lock, run = threading.Lock(), server.run_simple
def one_put_at_a_time(app):
    def answer(environ, start_response):
        if environ["REQUEST_METHOD"] != "PUT":
            return app(environ, start_response)
        with lock:
            return list(app(environ, start_response))
    return answer
server.run_simple = lambda host, port, app, **more: run(host, port, one_put_at_a_time(app), **more)
server.main(["-H", "127.0.0.1", "-p", sys.argv[1]])
`;
