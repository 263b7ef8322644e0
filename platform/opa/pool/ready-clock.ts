/** Time during which a lane had a thread that could answer: nobody is late because a thread has to be started first. */
export class ReadyClock {
  #passed_ms = 0;
  #since_ms: number | null = null;

  now_ms(): number {
    return this.#passed_ms + (this.#since_ms === null ? 0 : performance.now() - this.#since_ms);
  }

  run(): void {
    this.#since_ms ??= performance.now();
  }

  pause(): void {
    this.#passed_ms = this.now_ms();
    this.#since_ms = null;
  }
}
