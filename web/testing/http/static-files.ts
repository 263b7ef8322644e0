import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

/** Serves the built console as the control plane does: the same content security policy, and index.html for every page's address. */
export async function serveConsole(response: ServerResponse, folder: string, path: string, sandboxOrigin: string): Promise<void> {
  const wanted = extname(path) === '' ? '/index.html' : normalize(path);
  const content = await readFile(join(folder, wanted)).catch(() => null);
  if (content === null || wanted.includes('..')) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'content-type': TYPES[extname(wanted)] ?? 'application/octet-stream',
    'content-security-policy': `default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ${sandboxOrigin}; manifest-src 'self'`,
    'x-content-type-options': 'nosniff',
  });
  response.end(content);
}
