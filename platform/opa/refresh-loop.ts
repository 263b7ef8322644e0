/** One loop: runs at once, then every `every_ms` give or take a tenth, and sooner after a failure. */
export interface RefreshLoop {
  /** Resolves when the first run is over, whatever its result. */
  start(): Promise<void>;
  /** Resolves when no run is under way any more. */
  stop(): Promise<void>;
}

export interface RefreshLoopOptions {
  /** Gives whether it succeeded; never rejects. */
  readonly run: () => Promise<boolean>;
  readonly every_ms: number;
  /** After the first failure in a row; it doubles up to `every_ms`. */
  readonly first_retry_ms: number;
}

/** A tenth either way keeps a thousand workers that were started together from asking together. */
const JITTER = 0.1;

export function createRefreshLoop({ run, every_ms, first_retry_ms }: RefreshLoopOptions): RefreshLoop {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  let stopped = true;
  let failures = 0;

  const turn = async (): Promise<void> => {
    failures = (await run()) ? 0 : failures + 1;
    if (stopped) return;
    const wait_ms = failures === 0 ? every_ms : Math.min(every_ms, first_retry_ms * 2 ** Math.min(failures - 1, 20));
    timer = setTimeout(() => (running = turn()), wait_ms * (1 - JITTER + 2 * JITTER * Math.random()));
    timer.unref();
  };

  return {
    start() {
      if (!stopped) return running;
      stopped = false;
      running = turn();
      return running;
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
}
