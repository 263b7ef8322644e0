import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SandboxNote {
  readonly id: string;
  readonly title: string;
  version: number;
  readonly entries: string[];
}

export interface Sandbox {
  readonly url: string;
  readonly notes: Map<string, SandboxNote>;
  addNote(id: string, title: string): SandboxNote;
  stop(): Promise<void>;
}

/** A stand-in for the system that the connector speaks to: its protocol over a real socket, and every answer says that it is one. */
export async function startSandbox({ token = 'sandbox-token', port = 0 } = {}): Promise<Sandbox> {
  const notes = new Map<string, SandboxNote>();
  const server = createServer((request, response) => {
    answer(request, response, notes, token).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    notes,
    addNote(id, title) {
      const note = { id, title, version: 1, entries: [] };
      notes.set(id, note);
      return note;
    },
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, notes: ReadonlyMap<string, SandboxNote>, token: string): Promise<void> {
  const send = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-countersign-sandbox': 'notes' }).end(JSON.stringify(body));
  };
  if (request.headers.authorization !== `Bearer ${token}`) return send(401, { error: 'unauthorized' });
  const [, id = '', entries] = /^\/api\/notes\/([a-z0-9-]+)(\/entries)?$/.exec(request.url ?? '') ?? [];
  const note = notes.get(id);
  if (note === undefined) return send(404, { error: 'not found' });
  if (request.method === 'GET' && entries === undefined) return send(200, { ...note, version: String(note.version), owner_email: 'owner.of.the.note@example.com' });
  if (request.method !== 'POST' || entries === undefined) return send(405, { error: 'method not allowed' });
  const { text } = JSON.parse(await textOf(request)) as { text?: unknown };
  if (typeof text !== 'string' || text === '') return send(400, { error: 'text is required' });
  note.entries.push(text);
  note.version += 1;
  send(201, { version: String(note.version) });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
