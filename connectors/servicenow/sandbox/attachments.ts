/** `/api/now/attachment`: upload as a raw body, list, read, download, delete. Source: ServiceNow documentation, "Attachment API". */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './answers.ts';
import { emptyAnswer, jsonAnswer } from './answers.ts';
import { glideDateTime } from './date-time.ts';
import type { RenderedValue } from './display-values.ts';
import { renderRecord } from './display-values.ts';
import { TableApiError, recordNotFound } from './errors.ts';
import { pageHeaders, pageOf } from './paging.ts';
import type { Principal } from './principals.ts';
import { assertMayUpdate } from './principals.ts';
import { selectRows } from './query-match.ts';
import { queryFromPairs } from './query-pairs.ts';
import { parseEncodedQuery } from './query-parser.ts';
import type { WriteContext } from './record-writes.ts';
import type { SandboxRequest } from './requests.ts';
import type { Row } from './store.ts';
import { newSysId } from './store.ts';

export interface AttachmentPath {
  sysId: string | undefined;
  content: boolean;
}

/** Reads a path of the Attachment API; undefined where it is another resource. */
export function attachmentPath(path: string): AttachmentPath | undefined {
  const match = /^\/api\/now(?:\/v[12])?\/attachment(?:\/([0-9a-f]{32}))?(\/file)?\/?$/.exec(path);
  return match === null ? undefined : { sysId: match[1], content: match[2] !== undefined };
}

/** The bytes of attachments: files in `directory`, or memory where there is none. */
export class AttachmentContents {
  readonly #directory: string | undefined;
  readonly #inMemory = new Map<string, Buffer>();

  constructor(dataDir: string | undefined) {
    this.#directory = dataDir === undefined ? undefined : join(dataDir, 'attachments');
    if (this.#directory !== undefined) mkdirSync(this.#directory, { recursive: true });
  }

  write(sysId: string, content: Buffer): void {
    if (this.#directory === undefined) {
      this.#inMemory.set(sysId, content);
      return;
    }
    const descriptor = openSync(join(this.#directory, sysId), 'w');
    let written = 0;
    while (written < content.length) written += writeSync(descriptor, content, written);
    fsyncSync(descriptor);
    closeSync(descriptor);
  }

  read(sysId: string): Buffer {
    return this.#directory === undefined ? (this.#inMemory.get(sysId) ?? Buffer.alloc(0)) : readFileSync(join(this.#directory, sysId));
  }

  delete(sysId: string): void {
    if (this.#directory === undefined) this.#inMemory.delete(sysId);
    else rmSync(join(this.#directory, sysId), { force: true });
  }
}

export interface AttachmentContext extends WriteContext {
  contents: AttachmentContents;
}

/** Answers one request of the Attachment API. */
export function answerAttachmentRequest(context: AttachmentContext, principal: Principal, request: SandboxRequest, path: AttachmentPath): Answer {
  if (path.sysId === undefined) {
    if (request.method === 'POST' && path.content) return upload(context, principal, request);
    if (request.method === 'GET' && !path.content) return list(context, request);
    throw new TableApiError(405, 'Method not supported', null);
  }
  const row = context.store.get('sys_attachment', path.sysId);
  if (row === undefined) throw recordNotFound();
  if (request.method === 'GET' && path.content) return download(context, row);
  if (request.method === 'GET') return jsonAnswer(200, { result: metadata(context, row, request) });
  if (request.method === 'DELETE' && !path.content) return remove(context, principal, row);
  throw new TableApiError(405, 'Method not supported', null);
}

function list(context: AttachmentContext, request: SandboxRequest): Answer {
  const encoded = request.query.get('sysparm_query');
  const query = encoded === null ? queryFromPairs(context.store, 'sys_attachment', request.query) : parseEncodedQuery(encoded);
  const rows = selectRows(context.store, 'sys_attachment', query);
  const page = pageOf(request.query);
  const result = rows.slice(page.offset, page.offset + page.limit).map((row) => metadata(context, row, request));
  return jsonAnswer(200, { result }, pageHeaders(request, page, rows.length));
}

function upload(context: AttachmentContext, principal: Principal, request: SandboxRequest): Answer {
  const contentType = request.headers['content-type'];
  if (contentType === undefined) throw new TableApiError(400, 'Bad Request', 'Content-Type header is required');
  const table = request.query.get('table_name') ?? '';
  const tableSysId = request.query.get('table_sys_id') ?? '';
  const fileName = request.query.get('file_name') ?? '';
  if (table === '' || tableSysId === '' || fileName === '') throw new TableApiError(400, 'Bad Request', 'table_name, table_sys_id and file_name are required');
  const target = context.store.get(table, tableSysId);
  if (target === undefined) throw recordNotFound();
  assertMayUpdate(principal, table, target);
  const sysId = newSysId();
  const at = glideDateTime(context.now());
  const size = String(request.body.length);
  const row: Row = {
    sys_id: sysId, sys_created_on: at, sys_created_by: principal.user_name, sys_updated_on: at, sys_updated_by: principal.user_name, sys_mod_count: '0',
    table_name: table, table_sys_id: tableSysId, file_name: fileName, content_type: contentType, size_bytes: size, size_compressed: size,
    compressed: 'false', state: 'available', chunk_size_bytes: '700000', hash: createHash('sha256').update(request.body).digest('hex'),
  };
  // The bytes first: a row never points to content that is not there.
  context.contents.write(sysId, request.body);
  context.store.commit([{ table: 'sys_attachment', sys_id: sysId, record: row }]);
  return jsonAnswer(201, { result: metadata(context, row, request) }, { location: `${request.baseUrl}/api/now/attachment/${sysId}` });
}

function download(context: AttachmentContext, row: Row): Answer {
  const name = encodeURIComponent(row['file_name'] ?? 'attachment');
  return {
    status: 200,
    headers: {
      'content-type': row['content_type'] ?? 'application/octet-stream', 'content-disposition': `attachment;filename*=UTF-8''${name}`,
      'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff',
    },
    body: context.contents.read(row['sys_id'] ?? ''),
  };
}

function remove(context: AttachmentContext, principal: Principal, row: Row): Answer {
  const target = context.store.get(row['table_name'] ?? '', row['table_sys_id'] ?? '');
  if (target !== undefined) assertMayUpdate(principal, row['table_name'] ?? '', target);
  const sysId = row['sys_id'] ?? '';
  context.store.commit([{ table: 'sys_attachment', sys_id: sysId, record: null }]);
  context.contents.delete(sysId);
  return emptyAnswer(204);
}

function metadata(context: AttachmentContext, row: Row, request: SandboxRequest): Record<string, RenderedValue> {
  const rendered = renderRecord(context.store, 'sys_attachment', row, { display: 'false', excludeReferenceLink: true, baseUrl: request.baseUrl });
  return { ...rendered, download_link: `${request.baseUrl}/api/now/attachment/${row['sys_id']}/file` };
}
