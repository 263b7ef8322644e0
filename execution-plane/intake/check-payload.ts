import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { ExecutionError } from '../errors.ts';

/** As canonical JSON is bounded: what is deeper or larger could not be sealed. */
const MAX_DEPTH = 64;
export const MAX_PAYLOAD_BYTES = 1024 * 1024;

/**
 * The payload of a delivery, which must be an object within bounds. It goes through it without recursion: what is nested ten thousand deep is
 * found out about, and not by running out of stack.
 *
 * @param payload null where it was too large to be read
 * @throws ExecutionError `delivery_too_large`, `delivery_too_deep`, `delivery_unreadable`
 */
export function checkPayload(payload: Json, bytes: number): JsonObject {
  if (bytes > MAX_PAYLOAD_BYTES) throw new ExecutionError('delivery_too_large', `The payload has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} become a run. Send what the workflow needs, and let it read the rest.`);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw new ExecutionError('delivery_unreadable', 'The payload is not an object.');
  let level: Json[] = [payload];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new ExecutionError('delivery_too_deep', `The payload is nested deeper than ${MAX_DEPTH} levels.`);
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value).filter((member) => typeof member === 'object' && member !== null) : []));
  }
  return payload;
}
