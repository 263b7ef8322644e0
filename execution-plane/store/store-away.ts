import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';

/**
 * What a call asks of the cell's own stores: where the object store or the root key does not answer, nothing was sent, and the call is tried again.
 * @throws ConnectorError `peer_unavailable` in their place
 */
export async function askedAgainWhileAway<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const isAway = (cause instanceof ObjectsError && cause.code === 'objects_unreachable') || (cause instanceof KeysError && cause.code === 'kek_unreachable');
    if (!isAway) throw cause;
    throw new ConnectorError({ code: 'peer_unavailable', effect: 'none', retryable: true, message: `The cell's own store does not answer: ${cause.message}`, cause });
  }
}
