import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import type { ConnectorManifest, JsonSchema, TriggerManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { SchemaChecks } from '../connectors/schema-checks.ts';

/** What a payload says, once the connector's manifest has told us how to read it. */
export interface ReadEvent {
  /** The trigger's name, such as `ticket.created`; null when no trigger covers what happened. */
  readonly event: string | null;
  readonly subject: string;
  readonly subjectLabel: string | null;
  readonly dedupeKey: string | null;
  readonly changedBy: string | null;
  /** Only what the trigger's schema names: what else a sender puts in may be ticket text, and is not kept. */
  readonly payload: JsonValue;
}

/** What no schema has checked is kept only where it cannot be a sentence. */
const LOOKS_LIKE_AN_ID = /^[\w-]{1,64}$/;

/**
 * Finds the trigger whose operation this is and reads the payload by it.
 *
 * @param sourceEvent what the webhook's event header says, where the manifest names one
 * @throws ApiError `webhook_payload_invalid` when the payload does not have the shape that its trigger describes
 */
export function readEvent(manifest: ConnectorManifest, manifestDigest: string, payload: JsonValue, checks: SchemaChecks, sourceEvent: string | null = null): ReadEvent {
  const all = Object.entries(manifest.triggers ?? {});
  const triggers = all.filter(([, trigger]) => trigger.source_event === undefined || trigger.source_event === sourceEvent);
  if (all.length > 0 && triggers.length === 0) return nothingOf(all.map(([, trigger]) => trigger), payload);
  const covering = triggers.filter(([, trigger]) => coversOperation(trigger, payload));
  if (covering.length === 0) return uncovered(triggers.map(([, trigger]) => trigger), payload);

  let problems: FieldProblem[] = [];
  for (const [event, trigger] of covering) {
    const found = checks.check(`${manifestDigest}/trigger/${event}`, trigger.payload, payload);
    if (found.length === 0) return read(event, trigger, payload);
    problems = problems.length === 0 ? found : problems;
  }
  throw new ApiError('webhook_payload_invalid', `The payload is not what ${manifest.name} sends for ${covering.map(([event]) => event).join(' or ')}.`, { errors: problems });
}

function coversOperation({ operation }: TriggerManifest, payload: JsonValue): boolean {
  const value = valueAt(payload, operation.pointer);
  return typeof value === 'string' && operation.values.includes(value);
}

/** An operation that nothing covers is no error: a sender may send more than we listen to. No operation at all is one. */
function uncovered(triggers: readonly TriggerManifest[], payload: JsonValue): ReadEvent {
  const pointers = triggers.map((trigger) => trigger.operation.pointer);
  if (pointers.length > 0 && !pointers.some((pointer) => typeof valueAt(payload, pointer) === 'string')) {
    throw new ApiError('webhook_payload_invalid', 'The payload does not say what happened.', {
      errors: [...new Set(pointers)].map((field) => ({ field, code: 'required', message: 'Say here what happened, as text.' })),
    });
  }
  return nothingOf(triggers, payload);
}

function nothingOf([first]: readonly TriggerManifest[], payload: JsonValue): ReadEvent {
  const subject = textAt(payload, first?.subject) ?? '';
  return { event: null, subject: LOOKS_LIKE_AN_ID.test(subject) ? subject : 'unknown', subjectLabel: null, dedupeKey: null, changedBy: null, payload: {} };
}

function read(event: string, trigger: TriggerManifest, payload: JsonValue): ReadEvent {
  const subject = textAt(payload, trigger.subject);
  const parts = trigger.dedupe_key.map((pointer) => ({ pointer, text: textAt(payload, pointer) }));
  const missing = [{ pointer: trigger.subject, text: subject }, ...parts].filter((part) => part.text === null || part.text === '');
  if (subject === null || missing.length > 0) {
    throw new ApiError('webhook_payload_invalid', 'The payload does not name the record and its version.', {
      errors: missing.map(({ pointer }) => ({ field: pointer, code: 'required', message: 'Send text or a whole number here.' })),
    });
  }
  return {
    event, subject,
    subjectLabel: textAt(payload, trigger.subject_label),
    dedupeKey: parts.map((part) => part.text).join(':'),
    changedBy: textAt(payload, trigger.changed_by),
    payload: namedBy(trigger.payload, payload),
  };
}

/** `value` without what `schema` does not name. An object or a list of which the schema says nothing is left out whole. */
function namedBy(schema: JsonSchema, value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return isSchema(schema['items']) ? value.map((item) => namedBy(schema['items'] as JsonSchema, item)) : [];
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const named = Object.entries(value).flatMap(([key, member]): Array<[string, JsonValue]> => {
    const about = Object.hasOwn(properties, key) ? properties[key] : undefined;
    return isSchema(about) ? [[key, namedBy(about, member)]] : [];
  });
  return Object.fromEntries(named);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6901 over parsed JSON: own members only. */
function valueAt(value: JsonValue, pointer: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, JsonValue>)[key];
  }
  return found;
}

function textAt(payload: JsonValue, pointer: string | undefined): string | null {
  const value = pointer === undefined ? undefined : valueAt(payload, pointer);
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null;
}
