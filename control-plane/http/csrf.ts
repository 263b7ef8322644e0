import type { IncomingMessage } from 'node:http';
import { ApiError } from '@countersign/platform/http/api-error.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses what another site made a signed-in browser send: a changing request by cookie must carry our header, which no form can
 * set and no other origin may, and must come from our own origin. Requests by API key carry nothing that a browser adds by itself.
 */
export function refuseForeignOrigin(request: IncomingMessage, publicUrl: string): void {
  if (SAFE_METHODS.includes(request.method ?? '')) return;
  if (request.headers['x-countersign-csrf'] !== '1') throw new ApiError('csrf_refused', 'The header `x-countersign-csrf: 1` is missing.');
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw new ApiError('csrf_refused', `Sec-Fetch-Site is ${String(site)}, not same-origin.`);
  const { origin } = request.headers;
  if (origin !== undefined && !isOwnOrigin(origin, request.headers.host, publicUrl)) {
    throw new ApiError('csrf_refused', 'The Origin is not the console\'s own.');
  }
  if (site === undefined && origin === undefined) throw new ApiError('csrf_refused', 'Neither Origin nor Sec-Fetch-Site says where the request came from.');
}

/** The public URL, or the very host that was asked (a cell is also reached as 127.0.0.1, and the cookie belongs to that host). */
function isOwnOrigin(origin: string, host: string | undefined, publicUrl: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === new URL(publicUrl).origin || (host !== undefined && url.host === host);
}
