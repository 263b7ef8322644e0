/** A place in the chain: the number of an entry and its hash. */
export interface Place {
  readonly seq: number;
  readonly hash: string;
}

/** Where the chain of a spool ends, and up to where the cell has it: in memory beside the rows, and taken back together with them. */
export class Head {
  readonly epoch: string;
  #last: Place;
  #delivered: Place;

  constructor(epoch: string, last: Place, delivered: Place) {
    this.epoch = epoch;
    this.#last = last;
    this.#delivered = delivered;
  }

  get last(): Place {
    return this.#last;
  }

  get delivered(): Place {
    return this.#delivered;
  }

  append(place: Place): void {
    this.#last = place;
  }

  deliver(place: Place): void {
    this.#delivered = place;
  }

  /** Gives what takes back everything from here on. */
  mark(): () => void {
    const [last, delivered] = [this.#last, this.#delivered];
    return () => {
      this.#last = last;
      this.#delivered = delivered;
    };
  }
}
