import { openSync, writeSync } from 'node:fs';

/** A line of the peer's own journal: the only word on what happened at the system of record. */
export interface JournalLine {
  readonly n: number;
  /** When the request had arrived whole, ms since 1970 by the clock of this machine. */
  readonly received_at_ms: number;
  /** `applied`: it happened; `repeated`: the peer knew the reference and did nothing again; `refused`: it did nothing. */
  readonly became: 'applied' | 'repeated' | 'refused';
  readonly action: 'record.update' | 'note.put';
  readonly record: string;
  readonly value: string;
  /** The name of the effect that the caller gave. */
  readonly reference: string;
  /** The process that sent it. */
  readonly worker: string;
}

/** Appends whole lines; each is with the kernel before the peer answers. */
export class Journal {
  readonly #file: number;
  #n = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600);
  }

  append(line: Omit<JournalLine, 'n'>): void {
    this.#n += 1;
    writeSync(this.#file, `${JSON.stringify({ n: this.#n, ...line } satisfies JournalLine)}\n`);
  }
}
