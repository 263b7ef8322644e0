import type { ActionContext, JsonObject } from '../sdk/connector.ts';
import { queryValue, resultOf, send } from './client.ts';

/** Source of both resources: ServiceNow documentation, "Attachment API". */
const ATTACHMENT_API = '/api/now/v1/attachment';

type Connection = Pick<ActionContext, 'egress' | 'now'>;

export interface Attachment {
  readonly sys_id: string;
  readonly file_name: string;
  readonly content_type: string;
  readonly size_bytes: string;
  /** SHA-256 of the content in hex, or empty where the instance has computed none. */
  readonly hash: string;
  readonly sys_created_by: string;
}

/** The attachments of an incident with this file name, newest first. */
export async function listAttachments(connection: Connection, sysId: string, fileName: string): Promise<Attachment[]> {
  const query = `table_name=incident^table_sys_id=${queryValue(sysId)}^file_name=${queryValue(fileName)}^ORDERBYDESCsys_created_on`;
  const response = await send(connection, 'listing attachments', { method: 'GET', path: ATTACHMENT_API, query: { sysparm_query: query, sysparm_limit: '50' } });
  const result = resultOf(response);
  return (Array.isArray(result) ? result : []).map(attachmentOf).filter((attachment) => attachment.file_name === fileName);
}

/** Sends one file as the raw body. Sending it again makes a second attachment. */
export async function uploadAttachment(connection: Connection, sysId: string, file: { readonly fileName: string; readonly contentType: string; readonly bytes: Uint8Array }): Promise<Attachment> {
  const response = await send(connection, 'attaching a file', {
    method: 'POST', path: `${ATTACHMENT_API}/file`, query: { table_name: 'incident', table_sys_id: sysId, file_name: file.fileName },
    headers: { 'content-type': file.contentType }, body: file.bytes,
  });
  return attachmentOf(resultOf(response));
}

function attachmentOf(value: unknown): Attachment {
  const row = typeof value === 'object' && value !== null ? (value as JsonObject) : {};
  const text = (name: string): string => (typeof row[name] === 'string' ? row[name] : '');
  return { sys_id: text('sys_id'), file_name: text('file_name'), content_type: text('content_type'), size_bytes: text('size_bytes'), hash: text('hash'), sys_created_by: text('sys_created_by') };
}
