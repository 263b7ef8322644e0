import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export const STAND_IN_TOKEN = 'stand-in-token-of-the-asset-inventory';

export interface Asset {
  readonly tag: string;
  readonly name: string;
  owner: string;
  version: number;
  readonly purchase_price: string;
  readonly notes: Array<{ readonly text: string; readonly ref: string }>;
}

export interface AssetInventory {
  readonly url: string;
  readonly assets: ReadonlyMap<string, Asset>;
  stop(): Promise<void>;
}

/**
 * A stand-in for a customer's own API, over a real socket: assets with an owner, a version and notes. It takes a bearer token and
 * speaks JSON. For tests and for trying `asset-inventory.yaml`; nothing of the product uses it.
 */
export async function startAssetInventory(port = 0): Promise<AssetInventory> {
  const assets = new Map(['LT-1001', 'LT-1002', 'PR-2001'].map((tag, index) => [tag, assetOf(tag, index)]));
  const server = createServer((request, response) => void answer(assets, request, response).catch(() => send(response, 500, { error: 'internal' })));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    assets,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function assetOf(tag: string, index: number): Asset {
  return { tag, name: `${tag.startsWith('LT') ? 'Laptop' : 'Printer'} ${tag}`, owner: index === 0 ? 'unassigned' : `team-${index}`, version: 1, purchase_price: '999.00', notes: [] };
}

async function answer(assets: ReadonlyMap<string, Asset>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers.authorization !== `Bearer ${STAND_IN_TOKEN}`) return send(response, 401, { error: 'unauthenticated' });
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const [, version, collection, tag, part] = url.pathname.split('/').map(decodeURIComponent);
  if (version !== 'v1' || collection !== 'assets') return send(response, 404, { error: 'not found' });
  if (tag === undefined && request.method === 'GET') return send(response, 200, { assets: found(assets, url.searchParams).map(withoutNotes) });
  const asset = assets.get(tag ?? '');
  if (asset === undefined) return send(response, 404, { error: 'no such asset' });
  const operation = `${request.method} ${part ?? ''}`;
  if (operation === 'GET ') return send(response, 200, { asset: withoutNotes(asset) });
  if (operation === 'GET notes') return send(response, 200, { notes: asset.notes });
  const body = JSON.parse(await textOf(request)) as Record<string, unknown>;
  if (operation === 'PUT owner' && typeof body['owner'] === 'string') {
    if (asset.owner !== body['owner']) asset.version += 1;
    asset.owner = body['owner'];
    return send(response, 200, withoutNotes(asset));
  }
  if (operation === 'POST notes' && typeof body['text'] === 'string' && typeof body['ref'] === 'string') {
    asset.notes.push({ text: body['text'], ref: body['ref'] });
    return send(response, 201, { note: asset.notes.length });
  }
  return send(response, 400, { error: 'bad request' });
}

function found(assets: ReadonlyMap<string, Asset>, query: URLSearchParams): Asset[] {
  const owner = query.get('owner');
  return [...assets.values()].filter((asset) => owner === null || asset.owner === owner).slice(0, Number(query.get('limit') ?? 100));
}

function withoutNotes({ notes: _notes, ...asset }: Asset): object {
  return asset;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
