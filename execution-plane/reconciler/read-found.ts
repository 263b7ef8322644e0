import type { TriggerManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { FoundDelivery } from './queries.ts';

const MAX_KEY_BYTES = 1_000;

/** Reads a version that was found by the trigger's pointers, as ingestion reads a webhook: the same version has the same key. Null when it is not this event. */
export function readFound(event: string, trigger: TriggerManifest, payload: JsonObject): FoundDelivery | null {
  const subject = textAt(payload, trigger.subject);
  const operation = valueAt(payload, trigger.operation.pointer);
  const parts = trigger.dedupe_key.map((pointer) => textAt(payload, pointer));
  const covered = typeof operation === 'string' && trigger.operation.values.includes(operation);
  if (!covered || subject === null || parts.some((part) => part === null || part === '')) return null;
  const dedupe_key = parts.join(':');
  // Longer than PostgreSQL indexes: no record is called that.
  if (Buffer.byteLength(dedupe_key) > MAX_KEY_BYTES || Buffer.byteLength(subject) > MAX_KEY_BYTES) return null;
  return { id: newId('delivery'), event, subject, subject_label: textAt(payload, trigger.subject_label), dedupe_key, payload };
}

function textAt(payload: JsonObject, pointer: string): string | null {
  const value = valueAt(payload, pointer);
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null;
}

/** RFC 6901, own members only. */
function valueAt(payload: JsonObject, pointer: string): Json | undefined {
  let found: Json | undefined = payload;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as JsonObject)[key];
  }
  return found;
}
