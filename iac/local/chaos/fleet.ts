import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import { baseEnvironment, ROOT } from '../config.ts';

export interface FleetOptions {
  readonly workers: number;
  readonly logsFolder: string;
  readonly random: Seeded;
  /** The settings of a worker, as `execution-plane/config.ts` reads them. */
  readonly environment: Readonly<Record<string, string>>;
}

interface Member {
  readonly name: string;
  readonly child: ChildProcess;
  paused: boolean;
  ready: boolean;
  /** Something is being done to it. */
  struck: boolean;
}

const RESTART_AFTER_FAILURE_MS = 250;

/** The worker processes: as many as asked for, whatever is done to them. A killed one is followed by another, half of the time under its name. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members = new Set<Member>();
  #count = 0;
  #stopping = false;
  /** Processes that ended although nobody had killed them, after they had been ready. */
  endedByThemselves = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Resolves when all of them take work. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.workers }, () => this.#spawn(this.#newName())));
  }

  /** Whether anybody takes work. */
  get isWorking(): boolean {
    return this.#able().length > 0;
  }

  /** Gives the name of the worker that was killed; null when `wanted` is not there any more, or is the last one. */
  async kill(wanted: string | null): Promise<string | null> {
    const member = this.#choose(wanted);
    if (member === null || this.#able().length < 2) return null;
    member.struck = true;
    const exited = once(member.child, 'exit');
    member.child.kill('SIGKILL');
    await exited;
    return member.name;
  }

  /** Stops a worker for `forMs`; resolves with its name when it has stopped, and with null when it cannot be. At least one always goes on. */
  async pause(wanted: string | null, forMs: number): Promise<string | null> {
    const member = this.#choose(wanted);
    if (member === null || this.#able().length < 2) return null;
    member.paused = true;
    member.child.kill('SIGSTOP');
    setTimeout(() => {
      member.child.kill('SIGCONT');
      member.paused = false;
    }, forMs);
    return member.name;
  }

  /** Lets them end as on SIGTERM. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#members].map(async ({ child }) => {
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await exited;
      clearTimeout(late);
    }));
  }

  #able(): Member[] {
    return [...this.#members].filter((member) => member.ready && !member.paused && !member.struck);
  }

  #choose(wanted: string | null): Member | null {
    const able = this.#able();
    if (wanted !== null) return able.find((member) => member.name === wanted) ?? null;
    return able.length === 0 ? null : this.#options.random.pick(able);
  }

  #newName(): string {
    this.#count += 1;
    return `worker-${this.#count}`;
  }

  async #spawn(name: string): Promise<void> {
    const { logsFolder, environment } = this.#options;
    const child = fork(path.join(import.meta.dirname, 'worker-main.ts'), { cwd: ROOT, env: { ...baseEnvironment(), ...environment, COUNTERSIGN_WORKER_ID: name }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const log = createWriteStream(path.join(logsFolder, `${name}.log`), { flags: 'a' });
    child.stdout!.pipe(log, { end: false });
    child.stderr!.pipe(log, { end: false });
    const member: Member = { name, child, paused: false, ready: false, struck: false };
    this.#members.add(member);
    child.once('exit', () => this.#follow(member));
    await new Promise<void>((resolve) => {
      child.once('message', () => { member.ready = true; resolve(); });
      child.once('exit', () => resolve());
    });
  }

  #follow(member: Member): void {
    this.#members.delete(member);
    if (this.#stopping) return;
    if (!member.struck && member.ready) this.endedByThemselves += 1;
    const name = this.#options.random.chance(0.5) ? member.name : this.#newName();
    setTimeout(() => { if (!this.#stopping) void this.#spawn(name); }, member.struck ? 0 : RESTART_AFTER_FAILURE_MS);
  }
}
