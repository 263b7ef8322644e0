import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import type { PollAnswer } from '@countersign/contracts/agent/protocol.ts';
import { backoff } from './backoff.ts';
import type { CellLink } from './cell-link.ts';
import { SessionError } from './errors.ts';
import { poll } from './poll.ts';
import type { Polled } from './poll.ts';
import { Rest } from './rest.ts';

export interface PollLoopParts {
  readonly link: CellLink;
  readonly polled: Polled;
  /** Does what the cell said. Gives whether it brought work that was not here before. */
  readonly act: (answer: PollAnswer) => Promise<boolean>;
  readonly onFailure: (error: unknown, wait_ms: number) => void;
  readonly random?: () => number;
}

/** So many answers that bring no work are asked for one right after the other, as when a policy was released; then the cell is given time. */
const BRISK_ANSWERS = 3;
/** An answer that took longer was held by the cell until there was something to say. */
const HELD_MS = 1_000;
/** And so much time at most: an agent that is silent for three times as long is taken for lost. */
const BRISK_WAIT_MS = AGENT_LOST_MS / 3;

/**
 * Asks the cell what there is to do, over and over. Each poll says how the agent is, so that is also its heartbeat; a failure is tried again after a
 * growing wait, for ever.
 */
export class PollLoop {
  readonly #parts: PollLoopParts;
  readonly #rest = new Rest();
  #held = new AbortController();
  #stop: () => void = () => undefined;
  #stopped = false;
  #failures = 0;
  #brisk = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: PollLoopParts) {
    this.#parts = parts;
  }

  start(): void {
    const stopped = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    this.#running = this.#run(stopped);
  }

  /** What the cell knows of this agent has changed: it is told at once, and not when it ends the poll that it holds. */
  tellNow(): void {
    this.#held.abort();
  }

  /** What was waited for may be over: the machine was asleep, the network is another. */
  tryNow(): void {
    this.#failures = 0;
    this.#rest.end();
  }

  /** Resolves when no poll is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#held.abort();
    this.#rest.end();
    this.#stop();
    await this.#running;
  }

  async #run(stopped: Promise<void>): Promise<void> {
    while (!this.#stopped) {
      const wait_ms = await this.#turn(stopped);
      if (wait_ms > 0 && !this.#stopped) await this.#rest.for(wait_ms);
    }
  }

  /** One poll and what it brought. Gives how long to wait before the next. */
  async #turn(stopped: Promise<void>): Promise<number> {
    const { link, polled, act, onFailure, random = Math.random } = this.#parts;
    try {
      // Nobody waits for a network that is not there to be stopped.
      const connection = await Promise.race([link.connect(), stopped]);
      if (connection === undefined || this.#stopped) return 0;
      this.#held = new AbortController();
      const asked = performance.now();
      const answer = await poll(polled, connection, this.#held.signal);
      const took_ms = performance.now() - asked;
      this.#failures = 0;
      const isNew = await act(answer);
      this.#brisk = isNew || took_ms > HELD_MS ? 0 : this.#brisk + 1;
      return this.#brisk <= BRISK_ANSWERS ? 0 : Math.min(BRISK_WAIT_MS, backoff(this.#brisk - BRISK_ANSWERS, random()));
    } catch (error) {
      if (error instanceof SessionError && error.code === 'taken_back') return 0;
      this.#failures += 1;
      // It may be that only this way to the cell is dead: the next poll goes another.
      if (error instanceof SessionError && error.code === 'cell_silent') link.cut();
      const wait_ms = backoff(this.#failures, random(), error instanceof SessionError ? error.problem?.retry_after_s : null);
      onFailure(error, wait_ms);
      return wait_ms;
    }
  }
}
