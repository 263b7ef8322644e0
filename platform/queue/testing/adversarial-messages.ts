import { createHash, randomUUID } from 'node:crypto';
import { seededRandom } from './random.ts';

/** How often each allowed misbehaviour of a queue happens, from 0 to 1. */
export interface Misbehaviour {
  /** A message that is sent once is there twice. */
  readonly duplicates: number;
  /** A receive takes messages from anywhere in the queue and not from its head. */
  readonly reorders: number;
  /** A receive's answer comes only after its messages are visible to others again. */
  readonly delaysPastVisibility: number;
  /** A deleted message is there again. */
  readonly redeliversAfterDelete: number;
}

export const GOOD_BEHAVIOUR: Misbehaviour = { duplicates: 0, reorders: 0, delaysPastVisibility: 0, redeliversAfterDelete: 0 };
/** What SQS reserves the right to, made common: a worker that bears this bears SQS. */
export const ADVERSARIAL: Misbehaviour = { duplicates: 0.3, reorders: 0.5, delaysPastVisibility: 0.1, redeliversAfterDelete: 0.01 };

interface Held {
  readonly id: string;
  readonly body: string;
  receives: number;
  /** Of the last receipt; older ones do nothing. */
  receipt: string;
  /** By the queue's clock; before it nobody receives the message. */
  visibleAt: number;
}

export interface Handed {
  readonly id: string;
  readonly body: string;
  readonly receipt: string;
  readonly receives: number;
  readonly md5: string;
}

export interface RedrivePolicy {
  readonly target: AdversarialMessages;
  readonly maxReceives: number;
}

/** The messages of one queue, and what it does to them. The same seed and the same calls misbehave in the same way. */
export class AdversarialMessages {
  readonly misbehaved = { duplicated: 0, reordered: 0, delayed: 0, redelivered: 0 };
  redrive: RedrivePolicy | null = null;
  readonly #behaviour: Misbehaviour;
  readonly #random: () => number;
  readonly #now: () => number;
  #held: Held[] = [];
  readonly #arrivals = new Set<() => void>();

  constructor(behaviour: Misbehaviour, seed: number, now: () => number) {
    this.#behaviour = behaviour;
    this.#random = seededRandom(seed);
    this.#now = now;
  }

  put(body: string): { id: string; md5: string } {
    const id = randomUUID();
    const copies = this.#happens('duplicates') ? 2 : 1;
    if (copies === 2) this.misbehaved.duplicated += 1;
    for (let copy = 0; copy < copies; copy++) this.#hold({ id, body, receives: 0, receipt: '', visibleAt: 0 });
    return { id, md5: md5(body) };
  }

  /** Up to `most` that are visible, hidden for `visibilityMs` from now. Also whether the answer is held back until they are visible again. */
  take(most: number, visibilityMs: number): { messages: Handed[]; late: boolean } {
    const now = this.#now();
    this.#buryTheWorn(now);
    const visible = this.#held.filter((message) => message.visibleAt <= now);
    if (visible.length > 1 && this.#happens('reorders')) {
      this.misbehaved.reordered += 1;
      visible.sort(() => this.#random() - 0.5);
    }
    const taken = visible.slice(0, most);
    const late = taken.length > 0 && this.#happens('delaysPastVisibility');
    if (late) this.misbehaved.delayed += 1;
    return { late, messages: taken.map((message) => this.#hand(message, late ? now : now + visibilityMs)) };
  }

  /** Gives whether there was such a receipt. */
  remove(receipt: string): boolean {
    const found = this.#held.find((message) => message.receipt === receipt);
    if (found === undefined) return false;
    this.#held = this.#held.filter((message) => message !== found);
    if (this.#happens('redeliversAfterDelete')) {
      this.misbehaved.redelivered += 1;
      this.#hold({ ...found, receipt: '', visibleAt: 0 });
    }
    return true;
  }

  hide(receipt: string, visibilityMs: number): boolean {
    const found = this.#held.find((message) => message.receipt === receipt);
    if (found === undefined) return false;
    found.visibleAt = this.#now() + visibilityMs;
    if (visibilityMs === 0) this.#arrived();
    return true;
  }

  /** Makes every message visible, as time would. */
  showAll(): void {
    for (const message of this.#held) message.visibleAt = 0;
    this.#arrived();
  }

  count(): { visible: number; hidden: number } {
    const now = this.#now();
    const visible = this.#held.filter((message) => message.visibleAt <= now).length;
    return { visible, hidden: this.#held.length - visible };
  }

  bodies(): string[] {
    return this.#held.map((message) => message.body);
  }

  /** Resolves when something may have become visible, or after `ms`. */
  arrival(ms: number): Promise<void> {
    const next = Math.min(...this.#held.map((message) => message.visibleAt - this.#now()).filter((wait) => wait > 0), ms);
    return new Promise((resolve) => {
      const done = (): void => { clearTimeout(timer); this.#arrivals.delete(done); resolve(); };
      const timer = setTimeout(done, Math.max(next, 1));
      this.#arrivals.add(done);
    });
  }

  #hold(message: Held): void {
    this.#held.push(message);
    this.#arrived();
  }

  #arrived(): void {
    for (const wake of this.#arrivals) wake();
  }

  #hand(message: Held, visibleAt: number): Handed {
    Object.assign(message, { receives: message.receives + 1, receipt: randomUUID(), visibleAt });
    return { id: message.id, body: message.body, receipt: message.receipt, receives: message.receives, md5: md5(message.body) };
  }

  /** Who was received too often goes to the dead letters, as the redrive policy says. */
  #buryTheWorn(now: number): void {
    const { redrive } = this;
    if (redrive === null) return;
    const worn = this.#held.filter((message) => message.visibleAt <= now && message.receives >= redrive.maxReceives);
    this.#held = this.#held.filter((message) => !worn.includes(message));
    for (const message of worn) redrive.target.#hold({ ...message, receives: 0, receipt: '', visibleAt: 0 });
  }

  #happens(what: keyof Misbehaviour): boolean {
    return this.#random() < this.#behaviour[what];
  }
}

function md5(body: string): string {
  return createHash('md5').update(body).digest('hex');
}
