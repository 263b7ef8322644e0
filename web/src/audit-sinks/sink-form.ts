import { AUDIT_EVENT_TYPES } from '@countersign/contracts/events/audit-event.ts';
import type { Schemas } from '../api/client.ts';

type NewSink = Schemas['NewSink'];

/** A sink as it is typed. */
export interface SinkForm {
  name: string;
  kind: NewSink['kind'];
  format: NewSink['format'];
  /** Of a webhook. */
  endpoint: string;
  /** Empty: all events. */
  types: string[];
  showsSensitive: boolean;
  fromFirst: boolean;
}

export const NEW_SINK: SinkForm = { name: '', kind: 'webhook', format: 'ocsf', endpoint: '', types: [], showsSensitive: false, fromFirst: false };

/** What can be chosen: all of a kind, as `approval.*`, and behind it each of them. */
export const TYPE_CHOICES: readonly string[] = [...new Set(AUDIT_EVENT_TYPES.map((type) => type.slice(0, type.indexOf('.'))))].toSorted()
  .flatMap((kind) => [`${kind}.*`, ...AUDIT_EVENT_TYPES.filter((type) => type.startsWith(`${kind}.`))]);

export function newSinkOf({ name, kind, format, endpoint, types, showsSensitive, fromFirst }: SinkForm): NewSink {
  return { name: name.trim(), kind, format, ...(kind === 'webhook' ? { endpoint: endpoint.trim() } : {}), types: typesOf(types), shows_sensitive: showsSensitive, from_first: fromFirst };
}

export function sinkChangeOf(name: string, types: readonly string[]): Schemas['SinkChange'] {
  return { name: name.trim(), types: typesOf(types) };
}

/** The first thing that the server would refuse, in words. */
export function wrongWith({ name, kind, endpoint }: Pick<SinkForm, 'name' | 'kind' | 'endpoint'>): string | null {
  if (name.trim() === '') return 'Give it a name.';
  if (kind !== 'webhook') return null;
  if (!URL.canParse(endpoint.trim())) return 'Write the address that events are posted to.';
  const { protocol, search, hash, username } = new URL(endpoint.trim());
  if (protocol !== 'https:' && protocol !== 'http:') return 'The address begins with https://.';
  return search !== '' || hash !== '' || username !== '' ? 'The address has no query, no fragment and no user: what is sent is signed instead.' : null;
}

function typesOf(types: readonly string[]): string[] | null {
  return types.length === 0 ? null : [...types];
}
