import { appendFileSync } from 'node:fs';
import type { Strike } from './strikes.ts';

/** A strike as it was carried out. The checker measures by it how soon others went on. */
export interface StrikeLine {
  readonly at_ms: number;
  /** When it was over: of a pause and of a crash of PostgreSQL. */
  readonly until_ms: number;
  readonly does: Strike['does'];
  readonly where: Strike['where'];
  /** Whom it met; null for PostgreSQL. */
  readonly worker: string | null;
}

export class JournalOfStrikes {
  readonly #file: string;
  readonly lines: StrikeLine[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  append(line: StrikeLine): void {
    this.lines.push(line);
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}
