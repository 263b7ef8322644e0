import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';

const TRIES = 3;

/** An outcome that is known must not be lost to a broken connection: it is written again while that may help. The fence makes that safe. */
export async function whileConnectionLasts<T>(work: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StaleLeaseError || left <= 1) throw error;
    }
  }
}
