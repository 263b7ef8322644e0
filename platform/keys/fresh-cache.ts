/**
 * Values that are read again while they are in use. One that is younger than `refresh_ms` is given as it is; one that is older is given, too,
 * and read anew behind the caller's back; one that could not be read for `expiry_ms` is waited for. So that whoever is in a hurry waits for
 * nothing as long as the value is in use and can be read, and nothing is believed for longer than `expiry_ms`.
 */
export interface FreshCacheOptions {
  readonly refresh_ms: number;
  readonly expiry_ms: number;
  readonly max: number;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

interface Entry<T> {
  readonly value: T;
  readonly read_ms: number;
  /** Not before this moment is it read anew: after a failure a second goes by. */
  next_ms: number;
}

const AGAIN_AFTER_MS = 1_000;

export class FreshCache<T> {
  readonly #options: FreshCacheOptions;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #reading = new Map<string, Promise<T>>();

  constructor(options: FreshCacheOptions) {
    this.#options = options;
  }

  /** `read` is given what was known before. A promise only where there is something to wait for. */
  get(name: string, read: (known: T | undefined) => Promise<T>): T | Promise<T> {
    const { refresh_ms, expiry_ms, now } = this.#options;
    const entry = this.#entries.get(name);
    const now_ms = now();
    if (entry === undefined || now_ms - entry.read_ms >= expiry_ms) return this.#readTogether(name, entry?.value, read);
    if (now_ms - entry.read_ms >= refresh_ms && now_ms >= entry.next_ms) {
      entry.next_ms = now_ms + AGAIN_AFTER_MS;
      // What fails here is tried again, and waited for and told of when the value expires.
      this.#readTogether(name, entry.value, read).catch(() => undefined);
    }
    return entry.value;
  }

  /** Forgets what `isMeant`; what is being read now is not kept either. */
  forget(isMeant: (name: string) => boolean): void {
    for (const name of [...this.#entries.keys()].filter(isMeant)) this.#entries.delete(name);
    for (const name of [...this.#reading.keys()].filter(isMeant)) this.#reading.delete(name);
  }

  #readTogether(name: string, known: T | undefined, read: (known: T | undefined) => Promise<T>): Promise<T> {
    const underWay = this.#reading.get(name);
    if (underWay !== undefined) return underWay;
    const began_ms = this.#options.now();
    const reading: Promise<T> = read(known).then((value) => {
      if (this.#reading.get(name) === reading) this.#keep(name, { value, read_ms: began_ms, next_ms: 0 });
      return value;
    }).finally(() => {
      if (this.#reading.get(name) === reading) this.#reading.delete(name);
    });
    this.#reading.set(name, reading);
    return reading;
  }

  #keep(name: string, entry: Entry<T>): void {
    this.#entries.delete(name);
    // Those read longest ago go first.
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#options.max) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(name, entry);
  }
}
