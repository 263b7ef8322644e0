/** Orders that were taken and have not ended: so many at a time, and those of one step one after another, as they came. */
export class OrderQueue {
  readonly #changed: () => void;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #lastOfStep = new Map<string, Promise<void>>();
  readonly #waiting: Array<() => void> = [];
  #free: number;

  /** @param changed one has ended */
  constructor(capacity: number, changed: () => void) {
    this.#free = capacity;
    this.#changed = changed;
  }

  /** @param work must not reject */
  add(orderId: string, stepId: string, work: () => Promise<void>): void {
    const before = this.#lastOfStep.get(stepId) ?? Promise.resolve();
    const done = before.then(() => this.#inTurn(work)).finally(() => {
      this.#underWay.delete(orderId);
      if (this.#lastOfStep.get(stepId) === done) this.#lastOfStep.delete(stepId);
      this.#changed();
    });
    this.#underWay.set(orderId, done);
    this.#lastOfStep.set(stepId, done);
  }

  ids(): readonly string[] {
    return [...this.#underWay.keys()];
  }

  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay.values());
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
