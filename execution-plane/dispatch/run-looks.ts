import type { Database } from '@countersign/platform/postgres/database.ts';
import { readRunsWithContents } from './repository-runs.ts';
import type { RunLook } from './repository-runs.ts';

interface Asked {
  readonly tenantId: string;
  readonly runId: string;
  readonly resolve: (look: RunLook) => void;
  readonly reject: (error: unknown) => void;
}

/** Looks at runs for those that begin to work on them: what is asked for in one go, as after a claim, is one round trip. */
export class RunLooks {
  readonly #database: Database;
  #asked: Asked[] = [];

  /** `database`: connections whose plans go by keys alone. */
  constructor(database: Database) {
    this.#database = database;
  }

  /** The run as it is now, without its lock. Rejects with what the database says. */
  look(tenantId: string, runId: string): Promise<RunLook> {
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) queueMicrotask(() => void this.#readAll());
      this.#asked.push({ tenantId, runId, resolve, reject });
    });
  }

  /** Never rejects. */
  async #readAll(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    try {
      const looks = await readRunsWithContents(this.#database, asked);
      for (const [index, { resolve }] of asked.entries()) resolve(looks[index]!);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
