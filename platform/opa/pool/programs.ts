import { compileProgram, programKey } from './program.ts';
import type { Program, ProgramSource } from './program.ts';
import type { ThreadLimits } from './policy-thread.ts';
import { prove } from './prove.ts';

/** Proofs that run at the same time: each is a thread. */
const MOST_PROOFS = 2;

interface Entry {
  readonly key: string;
  readonly program: Promise<Program>;
  users: number;
}

/** The programs of a process: what several owners have alike is compiled and proven once, and forgotten when nobody has it any more. */
export class Programs {
  readonly #limits: ThreadLimits;
  readonly #byKey = new Map<string, Entry>();
  readonly #byId = new Map<number, { readonly entry: Entry; readonly program: Program }>();
  readonly #waiting: Array<() => void> = [];
  #proofs = 0;

  constructor(limits: ThreadLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Whoever takes a program releases it. Throws PdpError where it does not load or does not prove itself. */
  async take(source: ProgramSource): Promise<Program> {
    const key = programKey(source);
    const entry = this.#byKey.get(key) ?? { key, program: this.#proven(source), users: 0 };
    this.#byKey.set(key, entry);
    entry.users += 1;
    try {
      const program = await entry.program;
      this.#byId.set(program.id, { entry, program });
      return program;
    } catch (error) {
      if (this.#byKey.get(key) === entry) this.#byKey.delete(key);
      throw error;
    }
  }

  /** Gives the program once nobody uses it any more. */
  release(id: number): Program | undefined {
    const held = this.#byId.get(id);
    if (held === undefined) return undefined;
    held.entry.users -= 1;
    if (held.entry.users > 0) return undefined;
    this.#byId.delete(id);
    this.#byKey.delete(held.entry.key);
    return held.program;
  }

  async #proven(source: ProgramSource): Promise<Program> {
    const program = await compileProgram(source);
    if (source.probes.length === 0) return program;
    while (this.#proofs >= MOST_PROOFS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#proofs += 1;
    try {
      return await prove(program, source.probes, this.#limits);
    } finally {
      this.#proofs -= 1;
      this.#waiting.shift()?.();
    }
  }
}
