import type { ActionContext, EgressRequest, Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { errorOfAnswer, errorOfResponse } from './errors.ts';

export type Connection = Pick<ActionContext, 'egress' | 'now'>;

/** The one name under which our messages carry their reference (https://docs.slack.dev/messaging/message-metadata). */
export const METADATA_EVENT = 'countersign';

/** A method that only reads: as a GET, so that it may follow redirects and be sent again. */
export function read(connection: Connection, method: string, query: Readonly<Record<string, string>>): Promise<JsonObject> {
  return ask(connection, method, { method: 'GET', path: `/api/${method}`, query });
}

export function write(connection: Connection, method: string, json: JsonObject): Promise<JsonObject> {
  return ask(connection, method, { method: 'POST', path: `/api/${method}`, json });
}

/** Slack answers 200 to nearly everything and says in the body whether it did it. */
async function ask(connection: Connection, method: string, request: EgressRequest): Promise<JsonObject> {
  const response = await connection.egress.request({ ...request, headers: { accept: 'application/json' } });
  const of = { changes: request.method !== 'GET', now: connection.now() };
  if (response.status !== 200) throw errorOfResponse(response, method, of);
  const answer = objectOf(response.json());
  if (answer['ok'] === true) return answer;
  throw errorOfAnswer(answer['error'], response, method, of);
}

export function objectOf(value: Json | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw malformed('an object was expected');
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : '';
}

/** After a write the gateway takes it for an unknown outcome, because the request was answered. */
export function malformed(why: string): ConnectorError {
  return new ConnectorError({ code: 'response_invalid', effect: 'none', retryable: true, message: `Slack's answer is not what its Web API gives: ${why}.` });
}
