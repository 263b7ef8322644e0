import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { CompileLimits } from './compile-options.ts';
import { CompileError } from './errors.ts';

/**
 * The kernel's limits on one opa process. CPU seconds end it even where we died and cannot kill it any more. macOS does not know the limit
 * of addresses (-v): there GOMEMLIMIT and the time bound it. Sizes of files are in blocks of 512 bytes.
 */
const BOUNDED = 'ulimit -c 0; ulimit -t "$1"; ulimit -f "$2"; ulimit -v "$3" 2>/dev/null; shift 3; exec "$@"';
/** Errors are printed with the lines that they are in. */
const MAX_STDERR_BYTES = 4 * 1024 * 1024;
const THREADS = 2;

/** Why a process was ended before it was done, or ended by itself in no way that opa means to. */
export type StopReason = 'timeout' | 'memory' | 'output' | 'crash';

export interface OpaOutput {
  /** null where it was stopped. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stopped: StopReason | null;
}

/** Runs one binary with one set of limits in one folder. */
export interface Opa {
  readonly folder: string;
  run(args: readonly string[]): Promise<OpaOutput>;
}

/** The child gets no environment of ours, its own process group, and the limits above. */
export function boundedOpa(opa: string, folder: string, limits: CompileLimits, signal?: AbortSignal): Opa {
  return {
    folder,
    run: async (args) => {
      signal?.throwIfAborted();
      return new Promise<OpaOutput>((resolve, reject) => watch(start(opa, args, folder, limits), limits, signal, resolve, reject));
    },
  };
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function start(opa: string, args: readonly string[], folder: string, limits: CompileLimits): Child {
  const cpuSeconds = Math.ceil((limits.call_ms / 1000) * THREADS) + 1;
  const bounds = [cpuSeconds, Math.ceil(limits.output_bytes / 512), Math.floor(limits.memory_bytes / 1024)].map(String);
  return spawn('/bin/sh', ['-c', BOUNDED, 'sh', ...bounds, opa, ...args], {
    cwd: folder,
    // A soft limit: the nearer it comes the more often garbage is collected, so that what can fit does.
    env: { HOME: folder, TMPDIR: folder, GOMAXPROCS: String(THREADS), GOMEMLIMIT: String(Math.floor(limits.memory_bytes / 4)) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

function watch(child: Child, limits: CompileLimits, signal: AbortSignal | undefined, resolve: (output: OpaOutput) => void, reject: (error: unknown) => void): void {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const size = { stdout: 0, stderr: 0 };
  let stopped: StopReason | null = null;
  const stop = (reason: StopReason): void => {
    stopped ??= reason;
    killGroup(child);
  };
  const abort = (): void => killGroup(child);
  const timer = setTimeout(() => stop('timeout'), limits.call_ms);
  signal?.addEventListener('abort', abort, { once: true });
  child.stdout.on('data', (chunk: Buffer) => {
    size.stdout += chunk.length;
    if (size.stdout > limits.output_bytes) stop('output');
    else stdout.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (size.stderr < MAX_STDERR_BYTES) stderr.push(chunk);
    size.stderr += chunk.length;
  });
  child.on('error', (cause) => {
    clearTimeout(timer);
    reject(new CompileError('compiler_failed', `opa cannot be started: ${cause.message}`, { cause }));
  });
  child.on('close', (exitCode, killedBy) => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    if (signal?.aborted === true) return reject(signal.reason);
    const errors = Buffer.concat(stderr).toString('utf8');
    const reason = stopped ?? reasonOf(killedBy, errors);
    resolve({ exitCode: reason === null ? exitCode : null, stdout: Buffer.concat(stdout).toString('utf8'), stderr: errors, stopped: reason });
  });
}

/** The group is the process itself, as opa starts no other; where it is gone already there is nothing to kill. */
function killGroup(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What the kernel or the Go runtime ended. */
function reasonOf(killedBy: NodeJS.Signals | null, stderr: string): StopReason | null {
  if (/out of memory|cannot allocate memory|failed to reserve|cannot map pages|stack overflow|stack exceeds|failed to create new OS thread/.test(stderr) && /fatal error:|runtime:/.test(stderr)) return 'memory';
  if (killedBy === 'SIGXCPU' || killedBy === 'SIGKILL') return 'timeout';
  if (killedBy === 'SIGXFSZ') return 'output';
  return killedBy !== null || /^(?:panic|fatal error): /m.test(stderr) ? 'crash' : null;
}
