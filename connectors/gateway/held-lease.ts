import { ConnectorError } from '../sdk/errors.ts';

/** How long ago it may be that the lease was known to be held when a request leaves. */
export const SEND_WITHIN_MS = 1_000;

/** What is asked right before anything leaves that may change something. */
export interface HeldLease {
  /** @throws StaleLeaseError somebody else has the step; ConnectorError `call_aborted`: too late to begin */
  beforeSending(): Promise<void>;
  /** Throws the stale lease again, whatever the connector made of it. */
  rethrowFault(): void;
}

export interface HeldLeaseOptions {
  /** When the commit of the intent began, by `performance.now()`: its success proved the lease. */
  readonly intendedAt: number;
  /** Of the action. What was not sent within it is not sent at all: from then on others may find out that nothing is there. */
  readonly timeoutMs: number;
  /** Asks the store. @throws StaleLeaseError */
  readonly prove: () => Promise<void>;
  /** In milliseconds, not to be moved by anybody. */
  readonly now?: () => number;
}

/**
 * The fence, looked at again right before egress. A process can be stopped between its intent and its request for longer than its lease; what it
 * sent then could be the second of its kind. So a proof is good for a second, and the next one comes from the database.
 */
export function heldLease({ intendedAt, timeoutMs, prove, now = () => performance.now() }: HeldLeaseOptions): HeldLease {
  let provenAt = intendedAt;
  let fault: { readonly error: unknown } | null = null;
  return {
    async beforeSending() {
      while (now() - provenAt > SEND_WITHIN_MS) {
        const asked = now();
        await prove().catch((error: unknown) => {
          fault = { error };
          throw error;
        });
        provenAt = asked;
      }
      if (now() - intendedAt > timeoutMs) {
        throw new ConnectorError({ code: 'call_aborted', effect: 'none', retryable: true, message: 'This worker was held up for longer than the call may take, so nothing more was sent.' });
      }
    },
    rethrowFault() {
      if (fault !== null) throw fault.error;
    },
  };
}
