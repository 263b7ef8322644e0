import type { RequestHandler } from 'express';
import { readRawBody } from '@countersign/platform/http/raw-body.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Ingestion } from '../ingestion/ingestion.ts';
import { requestIdOf } from './request-id.ts';

/** The lean way in: before the general middleware, because webhooks come in storms and need nothing of it. */
export function ingestRoute(ingestion: Ingestion): RequestHandler<{ connector: string; instance: string }> {
  return async (request, response) => {
    const requestId = requestIdOf(response);
    const from = { connector: request.params.connector, instance: request.params.instance };
    let body: Buffer;
    try {
      body = await readRawBody(request, await ingestion.maxBytes(from));
    } catch (error) {
      // Too big to be read is refused like anything else: the tenant sees it in its audit.
      if (error instanceof ApiError) await ingestion.recordRefusal(from, error.code);
      throw error;
    }
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const answer = await ingestion.accept({ ...from, requestId, body, header });
    response.status(answer.status).setHeader('cache-control', 'no-store').json(answer.body);
  };
}
