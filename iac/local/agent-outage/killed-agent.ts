import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import type { AgentProcessOptions } from './agent-process.ts';
import { OutageError } from './errors.ts';

/** What an agent has said, over all of its lives. */
export interface Told {
  /** Names of entries that were on the disk, by their number. */
  readonly written: Map<number, string>;
  last_written: number;
  last_delivered: number;
  answers_lost: number;
  kills: number;
}

export type Line = { readonly kind: 'w' | 'd'; readonly seq: number } | { readonly kind: 'l' | 'full' | 'written' };

/** Long enough to be in the middle of something else than what was just said. */
const KILLED_WITHIN_MS = 12;

/** An agent that is ended by kill -9 when it is due and begun again, until it has done everything. */
export class KilledAgent {
  readonly told: Told = { written: new Map(), last_written: 0, last_delivered: 0, answers_lost: 0, kills: 0 };
  readonly #options: AgentProcessOptions;
  readonly #random: Seeded;
  #child: ChildProcess | undefined;
  #isToDie = false;
  #lives = 0;

  constructor(options: AgentProcessOptions, random: Seeded) {
    this.#options = options;
    this.#random = random;
  }

  /**
   * Resolves when it has written and delivered all.
   * @param heard is called with every line, and may `kill`
   * @throws OutageError `agent_failed` it ended by itself before
   */
  async untilDone(heard: (line: Line) => void): Promise<void> {
    for (;;) {
      const { code, signal, stderr } = await this.#live(heard);
      if (code === 0) return;
      if (signal !== 'SIGKILL') throw new OutageError('agent_failed', `The agent's process ended with ${code ?? signal}: ${stderr.slice(-2_000)}`);
      this.told.kills += 1;
      this.#isToDie = false;
    }
  }

  /** Until it lives again, nothing more can be done to it. */
  get isToDie(): boolean {
    return this.#isToDie;
  }

  /** Within some milliseconds. */
  kill(): void {
    if (this.#isToDie) return;
    this.#isToDie = true;
    const child = this.#child;
    setTimeout(() => child?.kill('SIGKILL'), this.#random.next() * KILLED_WITHIN_MS);
  }

  async #live(heard: (line: Line) => void): Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }> {
    const options: AgentProcessOptions = { ...this.#options, seed: `${this.#options.seed}/${this.#lives++}` };
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, 'agent-process.ts'), JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    for await (const line of createInterface({ input: child.stdout })) heard(this.#noted(line));
    return { ...await ended, stderr };
  }

  #noted(text: string): Line {
    const [kind, number, name = ''] = text.split(' ');
    const seq = Number(number);
    if (kind === 'w') {
      this.told.written.set(seq, name);
      this.told.last_written = Math.max(this.told.last_written, seq);
      return { kind, seq };
    }
    if (kind === 'd') {
      this.told.last_delivered = Math.max(this.told.last_delivered, seq);
      return { kind, seq };
    }
    if (kind === 'l') this.told.answers_lost += 1;
    return { kind: kind as 'l' | 'full' | 'written' };
  }
}
