import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { baseEnvironment } from '../config.ts';
import { CellError } from '../cell/errors.ts';
import { commandInside } from './inside.ts';
import type { Inside } from './inside.ts';

export interface ChildInside {
  readonly pid: number;
  /** What it sent first. */
  readonly ready: unknown;
  stop(): Promise<void>;
}

export interface ChildInsideOptions {
  readonly file: string;
  /** Sent to it once it runs; absent: nothing. */
  readonly order?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** A Node program in a namespace, which says by a message that it is ready and ends when its channel to here closes. @throws CellError `process_did_not_start` */
export async function startInside(inside: Inside, { file, order, env = {}, logFile }: ChildInsideOptions): Promise<ChildInside> {
  const log = openSync(logFile, 'a', 0o600);
  const { command, args } = commandInside(inside, process.execPath, [file]);
  const child = spawn(command, args, { env: { ...baseEnvironment(), ...env }, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const ready = await new Promise<unknown>((resolve) => {
    child.once('message', resolve);
    child.once('exit', () => resolve(undefined));
    child.once('error', () => resolve(undefined));
    if (order !== undefined) child.send(order, () => undefined);
  });
  if (ready === undefined) throw new CellError('process_did_not_start', `${file} did not start; see ${logFile}.`);
  return { pid: child.pid ?? 0, ready, stop: () => ended(child) };
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 6_000);
  await exit;
  clearTimeout(timer);
}
