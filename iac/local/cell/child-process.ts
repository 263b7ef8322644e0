import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { baseEnvironment, ROOT } from '../config.ts';
import { CellError } from './errors.ts';

/** What a process says when it can be asked. */
export interface Ready {
  readonly listening?: string;
  /** Of a witness. */
  readonly vkey?: string;
}

export interface ChildOptions {
  /** Short name, also of its log file. */
  readonly name: string;
  /** Entry file, relative to the repository. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly logsDir: string;
  readonly verbose: boolean;
  readonly say: (line: string) => void;
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 6_000;
const FIRST_RESTART_MS = 200;
const LONGEST_RESTART_MS = 5_000;
/** A process that lived this long starts its back-off anew when it dies. */
const STEADY_AFTER_MS = 10_000;

/**
 * One process of the cell: started, watched, restarted when it dies, stopped in order. It tells that it is ready by a message with
 * `listening` or `ready`, and ends by itself when the channel to us closes, so that killing the supervisor leaves nothing behind.
 */
export class CellProcess {
  readonly #options: ChildOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  #restartInMs = FIRST_RESTART_MS;
  #restartTimer: NodeJS.Timeout | undefined;
  #metricsUrl: string | null = null;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Where its metrics are, as it said when it last became ready. */
  get metricsUrl(): string | null {
    return this.#metricsUrl;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves with what the process said when it was ready. @throws CellError `process_did_not_start` with the end of its log */
  async start(): Promise<Ready> {
    const child = await this.#spawn();
    const answer = await new Promise<Ready | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), READY_WITHIN_MS);
      child.on('message', (message) => {
        if (typeof message !== 'object' || message === null || !('listening' in message || 'ready' in message)) return;
        clearTimeout(timer);
        resolve(message as Ready);
      });
      child.once('exit', () => { clearTimeout(timer); resolve(undefined); });
    });
    if (answer === undefined) {
      await this.stop();
      throw new CellError('process_did_not_start', `The ${this.name} did not start. The end of its log (${this.#logFile}):\n${await this.#logTail()}`);
    }
    child.once('exit', (code, signal) => this.#restartLater(code, signal));
    return answer;
  }

  /** Asks it to end, and makes it end when it takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }

  get #logFile(): string {
    return path.join(this.#options.logsDir, `${this.name}.log`);
  }

  async #spawn(): Promise<ChildProcess> {
    const { entry, env, args = [], verbose } = this.#options;
    const log = await openLog(this.#logFile);
    // A process group of its own: Ctrl-C reaches the supervisor alone, which then stops everything in order.
    const child = fork(path.join(ROOT, entry), args, { cwd: ROOT, env: { ...baseEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true });
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.pipe(log, { end: false });
      if (verbose) stream.pipe(process.stderr, { end: false });
    }
    child.once('close', () => log.end());
    this.#child = child;
    child.once('message', (message) => { this.#metricsUrl = typeof message === 'object' && message !== null && 'metrics' in message ? String(message.metrics) : null; });
    return child;
  }

  #restartLater(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#stopping) return;
    const inMs = this.#restartInMs;
    this.#restartInMs = Math.min(inMs * 2, LONGEST_RESTART_MS);
    this.#options.say(`${this.name} ended (${signal ?? `exit code ${code}`}); starting it again`);
    this.#restartTimer = setTimeout(() => void this.#restart(), inMs);
  }

  async #restart(): Promise<void> {
    const child = await this.#spawn();
    const steady = setTimeout(() => { this.#restartInMs = FIRST_RESTART_MS; }, STEADY_AFTER_MS);
    child.once('message', () => this.#options.say(`${this.name} is back (pid ${child.pid})`));
    child.once('exit', (code, signal) => { clearTimeout(steady); this.#restartLater(code, signal); });
  }

  async #logTail(): Promise<string> {
    const text = await readFile(this.#logFile, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-8).map((line) => `  ${line}`).join('\n');
  }
}

async function openLog(file: string): Promise<WriteStream> {
  const handle = await open(file, 'a', 0o600);
  await handle.close();
  return createWriteStream(file, { flags: 'a', mode: 0o600 });
}
