import type { ActionContext, EgressRequest, Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { errorOfResponse } from './errors.ts';

/** How the peer is spoken to: the only file that knows its paths. `context.egress` adds the credential and reaches the instance alone. */
export type Connection = Pick<ActionContext, 'egress' | 'now'>;

export interface Note {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  readonly owner_email: string;
  readonly entries: readonly string[];
}

export async function readNote(connection: Connection, id: string): Promise<Note> {
  return noteOf(await send(connection, { method: 'GET', path: `/api/notes/${encodeURIComponent(id)}` }));
}

/** Gives the note's version after the entry was added. */
export async function appendEntry(connection: Connection, id: string, text: string): Promise<string> {
  return textOf(await send(connection, { method: 'POST', path: `/api/notes/${encodeURIComponent(id)}/entries`, json: { text } }), 'version');
}

async function send({ egress, now }: Connection, request: EgressRequest): Promise<JsonObject> {
  const response = await egress.request({ ...request, headers: { accept: 'application/json' } });
  if (response.status !== 200 && response.status !== 201) throw errorOfResponse(response, { changes: request.method !== 'GET', now: now() });
  const body = response.json();
  if (isObject(body)) return body;
  throw malformed('an object was expected');
}

function noteOf(body: JsonObject): Note {
  const { entries } = body;
  if (!Array.isArray(entries)) throw malformed('`entries` is no list');
  return { id: textOf(body, 'id'), title: textOf(body, 'title'), version: textOf(body, 'version'), owner_email: textOf(body, 'owner_email'), entries: entries.map(String) };
}

function textOf(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === 'string') return value;
  throw malformed(`\`${name}\` is no text`);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(why: string): ConnectorError {
  return new ConnectorError({ code: 'response_invalid', effect: 'none', retryable: true, message: `The answer is not what the API gives: ${why}.` });
}
