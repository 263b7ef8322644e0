import { existsSync } from 'node:fs';
import path from 'node:path';
import { Router, static as serveStatic } from 'express';
import type { RequestHandler, Response } from 'express';

/** The built console. Every path without a file is one of the console's own pages; before it is built, a page says how to build it. */
export function consoleRoutes(folder: string): Router {
  const router = Router();
  const index = path.join(path.resolve(folder), 'index.html');
  router.use(serveStatic(folder, { index: false, setHeaders: cacheByName }));
  router.use(sendIndex(index));
  return router;
}

/** Vite puts a digest in the names of assets, so those never change. */
function cacheByName(response: Response, file: string): void {
  const forever = path.basename(path.dirname(file)) === 'assets';
  response.setHeader('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
}

function sendIndex(index: string): RequestHandler {
  return (request, response, next) => {
    const wantsPage = request.method === 'GET' || request.method === 'HEAD';
    if (!wantsPage || path.extname(request.path) !== '') {
      next();
      return;
    }
    response.setHeader('cache-control', 'no-cache');
    if (existsSync(index)) response.sendFile(index);
    else response.status(503).type('html').send(NOT_BUILT);
  };
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Countersign</title>
<h1>The console is not built yet</h1><p>The API works. Build the console with <code>npm run build -w web</code>, then load this page again.</p></html>
`;
