/** OPA asks for a wait in seconds; longer than this no answer is held back. */
export const MAX_WAIT_S = 60;
/** Each holds a connection. Who comes on top of them is not held back. */
const MAX_WAITING = 500;
const MAX_WAITING_OF_A_TENANT = 100;

/** One request that is held back until its tenant's bundles may have changed. */
export interface Waiting {
  /** Resolves when that is so, when `signal` aborts, when `most_ms` are over, or when the process ends. */
  changed(most_ms: number, signal: AbortSignal): Promise<void>;
  /** Gives the place back. */
  end(): void;
}

/** Holds long polls (OPA bundle protocol) and lets them go when something was signed. Each looks for itself then. */
export class BundleWaiters {
  readonly #waiting = new Map<string, Set<() => void>>();
  #count = 0;
  #stopped = false;

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Takes a place before the caller looks, so that no change falls between looking and waiting. Null where there is none left. */
  begin(tenantId: string): Waiting | null {
    const ofTenant = this.#waiting.get(tenantId) ?? new Set();
    if (this.#stopped || this.#count >= MAX_WAITING || ofTenant.size >= MAX_WAITING_OF_A_TENANT) return null;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(tenantId, ofTenant.add(resolve));
    this.#count += 1;
    return {
      changed: (most_ms, signal) => atMost(promise, most_ms, signal),
      end: () => this.#remove(tenantId, ofTenant, resolve),
    };
  }

  wake(tenantId: string): void {
    for (const resolve of this.#waiting.get(tenantId) ?? []) resolve();
  }

  /** Notifications may have been missed. */
  wakeAll(): void {
    for (const tenantId of this.#waiting.keys()) this.wake(tenantId);
  }

  /** For good: the process ends. */
  stop(): void {
    this.#stopped = true;
    this.wakeAll();
  }

  #remove(tenantId: string, ofTenant: Set<() => void>, resolve: () => void): void {
    if (!ofTenant.delete(resolve)) return;
    this.#count -= 1;
    if (ofTenant.size === 0 && this.#waiting.get(tenantId) === ofTenant) this.#waiting.delete(tenantId);
  }
}

async function atMost(promise: Promise<void>, most_ms: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, most_ms);
  const gone = (): void => over.resolve();
  signal.addEventListener('abort', gone);
  if (signal.aborted) gone();
  await Promise.race([promise, over.promise]);
  clearTimeout(timer);
  signal.removeEventListener('abort', gone);
}

/** `wait=N` of a Prefer header (RFC 7240), also between semicolons, as OPA writes it; null where there is none. */
export function waitOf(prefer: string | undefined): number | null {
  const seconds = /(?:^|[;,\s])wait=(\d{1,9})(?=$|[;,\s])/.exec(prefer ?? '')?.[1];
  return seconds === undefined ? null : Math.min(Number(seconds), MAX_WAIT_S);
}
