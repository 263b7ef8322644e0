/**
 * What was asked of the pretended ServiceNow, for tests and for whoever checks a chaos run: method, path, user, status,
 * time. Neither headers nor bodies nor query strings are kept, so no secret and no ticket text can be in it.
 */
export interface LoggedRequest {
  seq: number;
  at: string;
  method: string;
  path: string;
  table: string;
  user: string;
  /** What was sent; null where the connection was cut instead. */
  status: number | null;
  /** Whether the request wrote to a record, even where its answer was lost or replaced. */
  effect: boolean;
  /** The fault that struck it, if any. */
  fault: string | null;
  duration_ms: number;
}

const KEPT = 20_000;

export class RequestLog {
  #entries: LoggedRequest[] = [];
  #seq = 0;

  add(entry: Omit<LoggedRequest, 'seq'>): void {
    this.#seq += 1;
    this.#entries.push({ seq: this.#seq, ...entry });
    if (this.#entries.length > KEPT) this.#entries = this.#entries.slice(-KEPT / 2);
  }

  /** Entries after `seq`, oldest first. */
  since(seq: number): LoggedRequest[] {
    return this.#entries.filter((entry) => entry.seq > seq);
  }

  clear(): void {
    this.#entries = [];
  }
}
