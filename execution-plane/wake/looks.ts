/** What the worker's looks for work have found: a signal between its dispatch loop and whoever waits for room or for the next look. */
export class Looks {
  #free = 0;
  #stopped = false;
  readonly #waiting = new Set<(free: number | null) => void>();

  /** After the last look. */
  get free(): number {
    return this.#free;
  }

  looked(free: number): void {
    this.#free = free;
    this.#tell(free);
  }

  stop(): void {
    this.#stopped = true;
    this.#tell(null);
  }

  /** How much room the next look leaves; null when there will be none. */
  next(): Promise<number | null> {
    if (this.#stopped) return Promise.resolve(null);
    return new Promise((resolve) => { this.#waiting.add(resolve); });
  }

  /** Resolves when there is room; null when there will be no more looks. */
  async withRoom(): Promise<number | null> {
    let free: number | null = this.#stopped ? null : this.#free;
    while (free === 0) free = await this.next();
    return free;
  }

  #tell(free: number | null): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(free);
  }
}
