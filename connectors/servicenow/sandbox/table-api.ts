/**
 * `/api/now[/v1|/v2]/table/{table}[/{sys_id}]`. Source: ServiceNow documentation, "Table API" (Australia release).
 */
import type { Answer } from './answers.ts';
import { emptyAnswer, jsonAnswer } from './answers.ts';
import type { DisplayMode, RenderOptions } from './display-values.ts';
import { renderRecord } from './display-values.ts';
import { TableApiError, recordNotFound } from './errors.ts';
import { assertAcceptsJson, assertJsonWrite } from './media-types.ts';
import { pageHeaders, pageOf } from './paging.ts';
import type { Principal } from './principals.ts';
import { assertMayQuery, mayRead } from './principals.ts';
import { selectRows } from './query-match.ts';
import type { EncodedQuery } from './query-parser.ts';
import { parseEncodedQuery } from './query-parser.ts';
import { queryFromPairs } from './query-pairs.ts';
import type { WriteContext } from './record-writes.ts';
import { deleteRecord, insertRecord, updateRecord } from './record-writes.ts';
import type { SandboxRequest } from './requests.ts';
import { recordInBody } from './requests.ts';
import { SERVED_TABLES } from './schema.ts';
import type { Row } from './store.ts';

export interface TablePath {
  version: 'v1' | 'v2' | undefined;
  table: string;
  sysId: string | undefined;
}

/** Reads a path of the Table API; undefined where it is another resource. */
export function tablePath(path: string): TablePath | undefined {
  const match = /^\/api\/now(?:\/(v1|v2))?\/table\/([A-Za-z0-9_]+)(?:\/([^/]+))?\/?$/.exec(path);
  if (match === null) return undefined;
  const [, version, table = '', sysId] = match;
  return { version: version as TablePath['version'], table, sysId };
}

/** Answers one request of the Table API. Throws `TableApiError` for everything that is not a success. */
export function answerTableRequest(context: WriteContext, principal: Principal, request: SandboxRequest, path: TablePath): Answer {
  if (!SERVED_TABLES.has(path.table)) throw new TableApiError(400, `Invalid table ${path.table}`, null);
  const route = { context, principal, request, ...path };
  switch (path.sysId === undefined ? `${request.method} list` : `${request.method} one`) {
    case 'GET list': return listRecords(route);
    case 'POST list': return createRecord(route);
    case 'GET one': return readRecord(route);
    case 'PUT one': case 'PATCH one': return changeRecord(route);
    case 'DELETE one': return removeRecord(route);
    default: throw new TableApiError(405, 'Method not supported', null);
  }
}

interface Route extends TablePath {
  context: WriteContext;
  principal: Principal;
  request: SandboxRequest;
}

function listRecords(route: Route): Answer {
  const { context: { store }, principal, request, table } = route;
  assertAcceptsJson(request.headers);
  assertMayQuery(principal, table);
  const rows = selectRows(store, table, queryOf(route));
  const page = pageOf(request.query);
  // The limit cuts before access rules do, as documented: a page can come back shorter, or empty.
  const visible = rows.slice(page.offset, page.offset + page.limit).filter(() => mayRead(principal, table));
  // Version 1 alone answers a query without results with 404.
  if (route.version === 'v1' && visible.length === 0) throw new TableApiError(404, 'No Record found', "Record doesn't exist or ACL restricts the record retrieval");
  const options = renderOptions(request);
  const result = visible.map((row) => renderRecord(store, table, row, options));
  return jsonAnswer(200, { result }, pageHeaders(request, page, mayRead(principal, table) ? rows.length : 0));
}

function readRecord(route: Route): Answer {
  const { context: { store }, principal, request, table } = route;
  assertAcceptsJson(request.headers);
  assertMayQuery(principal, table);
  const row = store.get(table, route.sysId ?? '');
  if (row === undefined || !mayRead(principal, table)) throw recordNotFound();
  return jsonAnswer(200, { result: renderRecord(store, table, row, renderOptions(request)) });
}

function createRecord(route: Route): Answer {
  const { context, principal, request, table } = route;
  assertJsonWrite(request.headers);
  const row = insertRecord(context, { principal, table, values: recordInBody(request.body), inputDisplayValue: flag(request, 'sysparm_input_display_value') });
  return writtenAnswer(route, 201, row, { location: `${request.baseUrl}/api/now/table/${table}/${row['sys_id']}` });
}

function changeRecord(route: Route): Answer {
  const { context, principal, request, table } = route;
  assertJsonWrite(request.headers);
  const values = recordInBody(request.body);
  const row = updateRecord(context, { principal, table, sysId: route.sysId ?? '', values, inputDisplayValue: flag(request, 'sysparm_input_display_value') });
  return writtenAnswer(route, 200, row, {});
}

function removeRecord(route: Route): Answer {
  deleteRecord(route.context, route.principal, route.table, route.sysId ?? '');
  return emptyAnswer(204);
}

function writtenAnswer(route: Route, status: number, row: Row, headers: Record<string, string>): Answer {
  const { context, request, table } = route;
  if (request.headers['x-no-response-body'] === 'true') return emptyAnswer(204, headers);
  return jsonAnswer(status, { result: renderRecord(context.store, table, row, renderOptions(request)) }, headers);
}

function queryOf(route: Route): EncodedQuery {
  const { context: { store }, request, table } = route;
  const encoded = request.query.get('sysparm_query');
  return encoded === null ? queryFromPairs(store, table, request.query) : parseEncodedQuery(encoded);
}

function renderOptions(request: SandboxRequest): RenderOptions {
  const display = request.query.get('sysparm_display_value');
  const fields = request.query.get('sysparm_fields');
  const mode: DisplayMode = display === 'true' || display === 'all' ? display : 'false';
  return {
    display: mode,
    excludeReferenceLink: flag(request, 'sysparm_exclude_reference_link'),
    fields: fields === null || fields.trim() === '' ? undefined : fields.split(',').map((name) => name.trim()),
    baseUrl: request.baseUrl,
  };
}

function flag(request: SandboxRequest, name: string): boolean {
  return request.query.get(name) === 'true';
}
