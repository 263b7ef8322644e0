import pg from 'pg';

/** As `database.ts` has it. */
interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A statement with its values. Buffers go as binary, everything else as text. */
export interface Ask {
  readonly statement: Statement;
  readonly values: readonly unknown[];
}

/** What a statement gave. `changed`: how many rows it touched, or gave. */
export interface Answer {
  readonly rows: object[];
  readonly changed: number;
}

/** As much of node-postgres' connection as this sends on. Its published types want a flag that it no longer takes. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly unknown[]; valueMapper: (value: unknown) => unknown }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(message: null): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
}

interface Prepared {
  readonly known: Set<string>;
  /** Whether the server knows them is not known: the statement that failed. */
  readonly unsure: Set<string>;
}

/** What each connection has prepared. Names of their own, because node-postgres keeps books on those that it prepares itself. */
const preparedOn = new WeakMap<Wire, Prepared>();

/**
 * Several statements in one round trip, and, because they share one Sync, in one transaction: all commit or none. Each sees what those before it
 * did, with a snapshot of its own (PostgreSQL's manual, 54.2.4 Pipelining). For `client.query`.
 */
export class OneTrip implements pg.Submittable {
  readonly #asks: readonly Ask[];
  readonly #done = Promise.withResolvers<Answer[]>();
  readonly #answers: Answer[] = [];
  #current: object[] = [];
  #fields: ReadonlyArray<{ readonly name: string; readonly parse: (text: string) => unknown }> = [];
  #error: Error | null = null;
  #wire: Wire | null = null;

  constructor(asks: readonly Ask[]) {
    this.#asks = asks;
  }

  /** What each statement gave, after the commit; or, where one of them began a transaction, while that is open. */
  get done(): Promise<Answer[]> {
    return this.#done.promise;
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    this.#wire = wire;
    const prepared = booksOf(wire);
    wire.stream.cork();
    try {
      for (const { statement, values } of this.#asks) {
        const name = nameOf(statement);
        if (prepared.unsure.delete(name)) wire.close({ type: 'S', name });
        if (!prepared.known.has(name)) wire.parse({ name, text: statement.text });
        prepared.known.add(name);
        wire.bind({ statement: name, values, valueMapper: asParameter });
        wire.describe({ type: 'P', name: '' });
        wire.execute(null);
      }
    } finally {
      wire.sync();
      wire.stream.uncork();
    }
  }

  handleRowDescription({ fields }: { fields: ReadonlyArray<{ name: string; dataTypeID: number }> }): void {
    this.#fields = fields.map(({ name, dataTypeID }) => ({ name, parse: pg.types.getTypeParser(dataTypeID) as (text: string) => unknown }));
  }

  handleDataRow({ fields }: { fields: ReadonlyArray<string | null> }): void {
    this.#current.push(Object.fromEntries(this.#fields.map(({ name, parse }, index) => {
      const text = fields[index] ?? null;
      return [name, text === null ? null : parse(text)];
    })));
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#answers.push({ rows: this.#current, changed: Number(/ (\d+)$/.exec(text)?.[1] ?? 0) });
    this.#current = [];
    this.#fields = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handlePortalSuspended(): void {}

  handleCopyInResponse(): void {}

  handleCopyData(): void {}

  /** The server skips what follows until Sync. Also called when the connection breaks. */
  handleError(error: Error): void {
    this.#error ??= error;
    this.#forgetUnparsed();
    this.#done.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === null) this.#done.resolve(this.#answers);
  }

  /** Those behind the one that failed were never parsed, and that one perhaps. */
  #forgetUnparsed(): void {
    if (this.#wire === null) return;
    const prepared = booksOf(this.#wire);
    const done = new Set(this.#asks.slice(0, this.#answers.length).map(({ statement }) => nameOf(statement)));
    for (const { statement } of this.#asks.slice(this.#answers.length)) {
      const name = nameOf(statement);
      if (!done.has(name) && prepared.known.delete(name)) prepared.unsure.add(name);
    }
  }
}

function booksOf(wire: Wire): Prepared {
  const books = preparedOn.get(wire) ?? { known: new Set<string>(), unsure: new Set<string>() };
  preparedOn.set(wire, books);
  return books;
}

function nameOf({ name }: Statement): string {
  return `1/${name}`;
}

/** Lists are written and objects made JSON as node-postgres does it elsewhere; where speed matters, lists are given by `arrays.ts`. */
function asParameter(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  return prepareValue(value);
}

/** Published by node-postgres, and not by its types. */
const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): Buffer | string | null } }).utils;
