/** What is asked every so often, and how much more of wall time than of running time must have gone by. */
const LOOK_MS = 5_000;
const SLEPT_MS = 20_000;

export interface SleepWatch {
  stop(): void;
}

/**
 * Tells that the machine was asleep: the clock on the wall went on, the one that counts the time of this machine did not. Connections from before are
 * taken for dead, whatever they say. A clock that was set looks the same, and costs a connection.
 */
export function watchSleep(
  onWake: (slept_ms: number) => void, wall: () => number = Date.now, running: () => number = () => performance.now(), look_ms = LOOK_MS,
): SleepWatch {
  let ahead_ms = wall() - running();
  const timer = setInterval(() => {
    const now_ms = wall() - running();
    const slept_ms = now_ms - ahead_ms;
    ahead_ms = now_ms;
    if (Math.abs(slept_ms) > SLEPT_MS) onWake(slept_ms);
  }, look_ms);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
