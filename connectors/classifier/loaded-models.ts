import { ConnectorError } from '../sdk/errors.ts';
import { ClassifierError } from './errors.ts';
import type { TrainedModel } from './model.ts';
import { deserialise } from './serialise.ts';

/** Models are tens of megabytes in memory, and a worker serves few instances at a time. */
const KEPT = 4;

/** Models read from their bytes, by digest, least recently used first. */
const loaded = new Map<string, TrainedModel>();

/** @throws ConnectorError model_invalid */
export function loadedModel({ digest, bytes }: { readonly digest: string; readonly bytes: Uint8Array }): TrainedModel {
  const known = loaded.get(digest);
  const model = known ?? read(bytes);
  loaded.delete(digest);
  loaded.set(digest, model);
  if (loaded.size > KEPT) loaded.delete(loaded.keys().next().value ?? '');
  return model;
}

function read(bytes: Uint8Array): TrainedModel {
  try {
    return deserialise(bytes);
  } catch (cause) {
    if (!(cause instanceof ClassifierError)) throw cause;
    throw new ConnectorError({ code: 'model_invalid', effect: 'none', retryable: false, message: `The stored model cannot be used (${cause.code}); train again.`, cause });
  }
}
