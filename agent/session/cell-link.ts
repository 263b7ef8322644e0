import type { CellConnection } from './cell-connection.ts';

/**
 * The tie to the cell: one connection at a time, which is dialled again when it is gone. For a new certificate the next one is there before the one before
 * is let go, so that nothing has to wait.
 */
export class CellLink {
  /** Makes a connection with the certificate that is held now. */
  readonly #open: () => Promise<CellConnection>;
  #connection: CellConnection | null = null;
  #opening: Promise<CellConnection> | null = null;
  #awaiting: Array<(connection: CellConnection) => void> = [];
  #isClosed = false;
  #heard_at: Date | null = null;

  constructor(open: () => Promise<CellConnection>) {
    this.#open = open;
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true;
  }

  /** When the cell last answered, on whichever connection. */
  get heard_at(): Date | null {
    return this.#connection?.heard_at ?? this.#heard_at;
  }

  /**
   * The connection; a new one where there is none.
   * @throws SessionError why there is none
   */
  connect(): Promise<CellConnection> {
    const connection = this.#connection;
    if (connection?.isOpen === true) return Promise.resolve(connection);
    this.#opening ??= this.#opened().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** The connection as soon as there is one; whoever polls makes it. */
  connected(): Promise<CellConnection> {
    const connection = this.#connection;
    return connection?.isOpen === true ? Promise.resolve(connection) : new Promise((resolve) => this.#awaiting.push(resolve));
  }

  /** Another connection, with the certificate that is held now; the one before ends with what is asked on it. */
  async replace(): Promise<void> {
    await this.#opened();
  }

  /** Whatever it is tied to is believed to be gone. */
  cut(): void {
    this.#connection?.close();
  }

  /** For good: also what is being dialled. */
  close(): void {
    this.#isClosed = true;
    this.cut();
  }

  async #opened(): Promise<CellConnection> {
    const connection = await this.#open();
    this.#heard_at = this.heard_at;
    // Who polls may have dialled as well, while a new certificate was gone over to: one of the two stays.
    this.#connection?.letGo();
    this.#connection = connection;
    if (this.#isClosed) connection.close();
    const awaiting = this.#awaiting;
    this.#awaiting = [];
    for (const resolve of awaiting) resolve(connection);
    return connection;
  }
}
