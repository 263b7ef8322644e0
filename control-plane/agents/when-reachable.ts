import { KeysError } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import { Loop } from '../cell/loop.ts';

/** Once it is opened there is nothing to do. */
const IDLE_MS = 3_600_000;

/** What is opened at once, or as soon as the key service and the object store that it takes do answer: everything else of the process goes on meanwhile. */
export class WhenReachable<Opened extends { stop(): Promise<void> }> {
  readonly #open: () => Promise<Opened>;
  readonly #log: Logger;
  #opened: Opened | undefined;
  #retry: Loop | undefined;

  constructor(open: () => Promise<Opened>, log: Logger) {
    this.#open = open;
    this.#log = log;
  }

  get opened(): Opened | undefined {
    return this.#opened;
  }

  /** @throws whatever `open` throws that does not pass by itself */
  async start(): Promise<void> {
    try {
      this.#opened = await this.#open();
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      this.#log.error({ err: error }, 'the agent port is not open: what signs certificates of agents cannot be reached. It is tried again');
      this.#retry = new Loop({ name: 'agent port', idle_ms: IDLE_MS, busy_ms: IDLE_MS, log: this.#log }, async () => {
        this.#opened ??= await this.#open();
        return false;
      });
      this.#retry.start();
    }
  }

  async stop(): Promise<void> {
    await this.#retry?.stop();
    await this.#opened?.stop();
  }
}

function isOutOfReach(error: unknown): boolean {
  return (error instanceof KeysError && error.code === 'kek_unreachable') || (error instanceof ObjectsError && error.code === 'objects_unreachable');
}
