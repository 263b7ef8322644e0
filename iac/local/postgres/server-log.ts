import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { broken, diskFull, isDiskFull } from './data-folder.ts';
import { PostgresStartError } from './errors.ts';
import { portTaken } from './port.ts';

const TAIL_LINES = 8;
const MAX_STDERR_CHARS = 64_000;

/** Collects what one start of the server says: on stderr until its own logging runs, and in its log folder from then on. */
export class ServerLog {
  readonly #folder: string;
  readonly #sizesBefore: Map<string, number>;
  #stderr = '';
  #closed: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, sizesBefore: Map<string, number>) {
    this.#folder = folder;
    this.#sizesBefore = sizesBefore;
  }

  /** Remembers how long the log files are now, so that only later lines count as said by this start. */
  static async watch(data: string): Promise<ServerLog> {
    const folder = join(data, 'log');
    const sizes = new Map<string, number>();
    for (const name of await logNames(folder)) {
      sizes.set(name, (await stat(join(folder, name))).size);
    }
    return new ServerLog(folder, sizes);
  }

  readFrom(child: ChildProcess): void {
    this.#closed = new Promise((settle) => {
      child.once('close', settle);
      child.once('error', (error) => {
        this.#stderr += `${error.message}\n`;
        settle(undefined);
      });
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      if (this.#stderr.length < MAX_STDERR_CHARS) this.#stderr += chunk;
    });
  }

  /** Everything said since `watch`. To be called once the server has ended. */
  async text(): Promise<string> {
    await this.#closed;
    let text = this.#stderr;
    for (const name of await logNames(this.#folder)) {
      const content = await readFile(join(this.#folder, name));
      const before = this.#sizesBefore.get(name) ?? 0;
      // A shorter file was begun anew.
      text += content.subarray(content.length < before ? 0 : before).toString('utf8');
    }
    return text;
  }
}

/** Turns what a server said before it ended into the error for the person who started it. */
export function startFailure(serverLog: string, data: string, port: number): PostgresStartError {
  if (/could not (bind|create).*(address|socket)/i.test(serverLog)) return portTaken(port, undefined, serverLog);
  if (isDiskFull(serverLog)) return diskFull(data, serverLog);
  if (/lock file ".*" already exists/.test(serverLog) || isLeftoverMemory(serverLog)) {
    return new PostgresStartError(
      'postgres_already_running',
      `Another PostgreSQL already uses ${data}. Stop it first, or use another data folder.`,
      { serverLog },
    );
  }
  const complaint = firstComplaint(serverLog);
  if (complaint !== undefined && DATA_COMPLAINTS.some((pattern) => pattern.test(serverLog))) {
    return broken(data, complaint, undefined, serverLog);
  }
  return new PostgresStartError(
    'postgres_start_failed',
    `PostgreSQL did not start in ${data}: ${complaint ?? (tail(serverLog) || 'it said nothing before it ended')}`,
    { serverLog },
  );
}

/** Backends of a killed server still hold its shared memory; they end by themselves. */
export function isLeftoverMemory(serverLog: string): boolean {
  return serverLog.includes('pre-existing shared memory block');
}

const DATA_COMPLAINTS = [
  /\bPANIC:/,
  /could not locate a valid checkpoint record/,
  /could not (open|read|find|access|stat) (file|directory|the database system)/,
  /database files are incompatible/,
  /incorrect checksum in control file/,
  /invalid (data|contents|page|checkpoint)/,
  /contains errors/,
  /is not a valid data directory/,
  /required WAL directory/,
];

/** The first line that says why, without time and process. */
function firstComplaint(serverLog: string): string | undefined {
  const match = /\b(?:PANIC|FATAL|postgres): +(.+)/.exec(serverLog);
  return match?.[1]?.trim().replace(/\.$/, '');
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-TAIL_LINES).join('\n');
}

async function logNames(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
