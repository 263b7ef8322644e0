import { PdpError } from '../errors.ts';

const LOAD_DEADLINE_MS = 10_000;

/** Waits for a load, and keeps the process alive meanwhile, which threads do not. Throws PdpError. */
export async function loadedInTime(load: Promise<void>): Promise<void> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new TypeError(`it took longer than ${LOAD_DEADLINE_MS} ms`)), LOAD_DEADLINE_MS);
  try {
    await Promise.race([load, timeout.promise]);
  } catch (cause) {
    throw new PdpError('evaluation_failed', `the policy cannot be loaded: ${cause instanceof Error ? cause.message : 'unknown failure'}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
