import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Witness } from '../witness.ts';

/** A note and a proof are a few kilobytes. */
const MAX_BODY_BYTES = 128 * 1024;

/** The two paths of a witness: `POST /add-checkpoint` and, for monitors, `GET /checkpoint/<SHA-256 of the origin>`. */
export function witnessListener(witness: Witness, onFailure: (error: unknown) => void): RequestListener {
  return (request, response) => {
    answer(witness, request, response).catch((error: unknown) => {
      onFailure(error);
      if (!response.headersSent) send(response, 500, 'The witness could not do it; its log says why.\n');
    });
  };
}

async function answer(witness: Witness, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://witness');
  const id = /^\/checkpoint\/([0-9a-f]{64})$/.exec(pathname)?.[1];
  if (pathname === '/add-checkpoint') {
    if (request.method !== 'POST') return send(response, 405, 'POST it.\n');
    return addCheckpoint(witness, request, response);
  }
  const latest = id === undefined || request.method !== 'GET' ? null : await witness.latest(id);
  if (latest === null) send(response, 404, 'There is nothing here.\n');
  else send(response, 200, latest);
}

async function addCheckpoint(witness: Witness, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await textOf(request);
  if (body === null) return send(response, 413, 'That is more than a checkpoint and a proof.\n');
  const added = await witness.addCheckpoint(body);
  if (added.status === 200) send(response, 200, added.cosignature);
  else if (added.status === 409 && added.size !== null) send(response, 409, `${added.size}\n`, 'text/x.tlog.size');
  else send(response, added.status, `${added.reason}\n`);
}

async function textOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}
