import type { IncomingMessage, ServerResponse } from 'node:http';
import { APP_TOKEN } from './emulator.ts';
import type { SlackEmulator } from './emulator.ts';
import type { Faults } from './faults.ts';
import type { SocketModeServer } from './socket-mode.ts';
import type { Workspace } from './workspace.ts';

export interface WebApiParts {
  readonly emulator: SlackEmulator;
  readonly sockets: SocketModeServer;
  readonly workspace: Workspace;
  readonly faults: Faults;
  readonly url: () => string;
}

/** `/api/<method>`: what `emulate` has not is here (opening a socket, being rate limited, guests); the rest goes on to it, byte for byte. */
export async function answerWebApi(request: IncomingMessage, response: ServerResponse, body: Buffer, parts: WebApiParts): Promise<void> {
  const method = (request.url ?? '').slice('/api/'.length).split('?')[0] ?? '';
  const fault = parts.faults.take(method);
  if (fault?.kind === 'rate_limited') {
    response.writeHead(429, { 'retry-after': String(fault.retry_after_s ?? 1) }).end();
    return;
  }
  if (fault?.kind === 'server_error') {
    response.writeHead(500).end('the sandbox was told to fail');
    return;
  }
  if (method === 'apps.connections.open') {
    openConnection(request, response, parts);
    return;
  }
  const answer = await forward(request, body, parts.emulator.url);
  const json = adapted(method, answer.json, body, parts.workspace);
  if (fault?.kind === 'answer_lost') {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(json));
}

function openConnection(request: IncomingMessage, response: ServerResponse, { sockets, url }: WebApiParts): void {
  const allowed = request.headers.authorization === `Bearer ${APP_TOKEN}`;
  const answer = allowed ? { ok: true, url: `${url().replace('http', 'ws')}/link?ticket=${sockets.newTicket()}` } : { ok: false, error: 'invalid_auth' };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

async function forward(request: IncomingMessage, body: Buffer, emulatorUrl: string): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = Object.fromEntries(['authorization', 'content-type'].flatMap((name) => (typeof request.headers[name] === 'string' ? [[name, request.headers[name]]] : [])));
  // Slack takes reads as GETs too, with their parameters in the query; the emulator takes forms only.
  const [path, query = ''] = (request.url ?? '').split('?');
  const asForm = request.method === 'GET' ? { body: query, type: 'application/x-www-form-urlencoded' } : null;
  const response = await fetch(`${emulatorUrl}${path ?? ''}`, { method: 'POST', headers: asForm === null ? headers : { ...headers, 'content-type': asForm.type }, body: asForm?.body ?? new Uint8Array(body) });
  const text = await response.text();
  // Methods that it does not know it answers with a page.
  return response.ok ? { status: 200, json: JSON.parse(text) as Record<string, unknown> } : { status: 200, json: { ok: false, error: 'unknown_method' } };
}

function adapted(method: string, answer: Record<string, unknown>, body: Buffer, workspace: Workspace): Record<string, unknown> {
  if (answer['ok'] !== true) return answer;
  const sent = new URLSearchParams(body.toString('utf8'));
  if (method === 'users.info') {
    const user = answer['user'] as Record<string, unknown>;
    return { ...answer, user: { ...user, ...workspace.overridesOf(String(user['id'])) } };
  }
  if (method.startsWith('views.') && typeof answer['view'] === 'object') {
    const view = answer['view'] as Record<string, unknown> & { id: string };
    const user = sent.get('user_id') ?? workspace.triggers.get(sent.get('trigger_id') ?? '') ?? workspace.userOfView(view.id);
    if (user !== null) workspace.noteView(view, user);
  }
  return answer;
}
