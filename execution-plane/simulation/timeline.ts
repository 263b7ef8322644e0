/** Somebody to whom things happen: what is due for one that is gone does not happen, and for one that is stopped happens when it goes on. */
export interface Process {
  gone: boolean;
  /** Until when it does nothing, ms. */
  stoppedUntil: number;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly owner: Process | null;
  readonly happens: () => void;
}

/** Virtual time: what is due happens in order of its time, and at once in order of its planning. Nothing waits for a real clock. */
export class Timeline {
  readonly #due: Due[] = [];
  #now = 0;
  #order = 0;

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  after(ms: number, owner: Process | null, happens: () => void): void {
    this.#push({ at: this.#now + Math.max(0, ms), order: this.#order++, owner, happens });
  }

  /** Lets everything happen that is due until `end`; `seen` is called after each. */
  runUntil(end: number, seen: () => void): void {
    for (let next = this.#due[0]; next !== undefined && next.at <= end; next = this.#due[0]) {
      this.#pop();
      this.#now = next.at;
      if (next.owner?.gone === true) continue;
      if (next.owner !== null && next.owner.stoppedUntil > this.#now) {
        this.#push({ ...next, at: next.owner.stoppedUntil });
        continue;
      }
      next.happens();
      seen();
    }
    this.#now = Math.max(this.#now, end);
  }

  #push(due: Due): void {
    const heap = this.#due;
    let at = heap.push(due) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(due, heap[parent]!); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      heap[parent] = due;
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#due;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (child >= heap.length || !isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
