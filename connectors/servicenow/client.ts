import type { ActionContext, EgressRequest, EgressResponse, Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { errorOfResponse, isPage } from './errors.ts';

/** A field as stored and as people see it; both empty when it is unset. */
export interface Field {
  readonly value: string;
  readonly display: string;
}

export type Row = Readonly<Record<string, Field>>;

type Connection = Pick<ActionContext, 'egress' | 'now'>;

/** Pinned, because the unversioned path means the newest version on the instance. */
const TABLE_API = '/api/now/v2/table';

export async function readRecord(connection: Connection, table: string, sysId: string, fields: readonly string[]): Promise<Row> {
  const response = await send(connection, `reading ${table}`, { method: 'GET', path: `${TABLE_API}/${table}/${sysId}`, query: { ...SHAPE, sysparm_fields: fields.join(',') } });
  return rowOf(resultOf(response), fields);
}

/** One page. `total` is what the instance says of how many match, null where it does not say. */
export async function queryRecords(
  connection: Connection,
  table: string,
  { query, fields, limit, offset = 0 }: { readonly query: string; readonly fields: readonly string[]; readonly limit: number; readonly offset?: number },
): Promise<{ readonly rows: readonly Row[]; readonly total: number | null }> {
  const response = await send(connection, `querying ${table}`, {
    method: 'GET', path: `${TABLE_API}/${table}`,
    query: { ...SHAPE, sysparm_query: query, sysparm_fields: fields.join(','), sysparm_limit: String(limit), sysparm_offset: String(offset) },
  });
  const result = resultOf(response);
  if (!Array.isArray(result)) throw malformed('a list was expected');
  const total = Number(response.headers['x-total-count']);
  return { rows: result.map((row) => rowOf(row, fields)), total: Number.isInteger(total) ? total : null };
}

/** Writes stored values (never display values: those are resolved before people see them). Returns the record as the answer shows it. */
export async function patchRecord(connection: Connection, table: string, sysId: string, values: Readonly<Record<string, string>>, fields: readonly string[]): Promise<Row> {
  const response = await send(connection, `writing ${table}`, {
    method: 'PATCH', path: `${TABLE_API}/${table}/${sysId}`, query: { ...SHAPE, sysparm_fields: fields.join(',') }, json: { ...values },
  });
  return rowOf(resultOf(response), fields);
}

/** A value inside an encoded query: a caret would end the condition, and is written twice. */
export function queryValue(value: string): string {
  return value.replaceAll('^', '^^').replace(/[\r\n]/g, ' ');
}

const SHAPE = { sysparm_display_value: 'all', sysparm_exclude_reference_link: 'true' } as const;

/** One request to any of ServiceNow's REST APIs. `what` begins the message of an error. @throws ConnectorError for any answer but a JSON one of success */
export async function send({ egress, now }: Connection, what: string, request: EgressRequest): Promise<EgressResponse> {
  const response = await egress.request({ ...request, headers: { ...request.headers, accept: 'application/json' } });
  if ((response.status === 200 || response.status === 201) && !isPage(response)) return response;
  throw errorOfResponse(response, what, { changes: request.method !== 'GET', now: now() });
}

export function resultOf(response: EgressResponse): Json {
  const body = response.json();
  if (!isObject(body) || body['result'] === undefined) throw malformed('there is no `result`');
  return body['result'];
}

/** The three shapes of a value: bare, `{value, link}`, `{value, display_value}`. A reference that is unset is an empty string. */
function rowOf(value: Json, fields: readonly string[]): Row {
  if (!isObject(value)) throw malformed('a record was expected');
  return Object.fromEntries(fields.map((name) => [name, fieldOf(value[name])]));
}

function fieldOf(value: Json | undefined): Field {
  if (!isObject(value)) return { value: text(value), display: text(value) };
  const stored = text(value['value']);
  return { value: stored, display: value['display_value'] === undefined || value['display_value'] === null ? stored : text(value['display_value']) };
}

function text(value: Json | undefined): string {
  return value === undefined || value === null ? '' : String(value as string | number | boolean);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** After a write the gateway takes it for an unknown outcome, because the request was answered. */
function malformed(why: string): ConnectorError {
  return new ConnectorError({ code: 'response_invalid', effect: 'none', retryable: true, message: `ServiceNow's answer is not what the Table API gives: ${why}.` });
}
