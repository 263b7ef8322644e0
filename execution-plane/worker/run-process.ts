/** What a process runs until it is told to stop. */
export interface Running {
  /** Null where none are served. */
  readonly metricsUrl: string | null;
  stop(): Promise<void>;
}

/**
 * Runs a worker as a process. Says `{"ready": true}` (and where its metrics are) on stdout and to its parent when it takes work, drains on SIGTERM
 * and SIGINT, and when the parent that started it is gone.
 */
export async function runProcess(start: () => Promise<Running>): Promise<void> {
  try {
    const worker = await start();
    let stopping: Promise<void> | undefined;
    const stop = (): void => {
      stopping ??= worker.stop().then(() => process.exit(0), fail);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
    const ready = { ready: true, ...(worker.metricsUrl === null ? {} : { metrics: worker.metricsUrl }) };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    process.send?.(ready);
  } catch (error) {
    fail(error);
  }
}

/** One line that says what to do; the stack only where the error is not one of ours. */
function fail(error: unknown): never {
  const known = error instanceof Error && 'code' in error;
  process.stderr.write(`countersign worker: ${known ? error.message : error instanceof Error ? String(error.stack) : String(error)}\n`);
  process.exit(1);
}
