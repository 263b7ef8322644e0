import type { RequestHandler } from 'express';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { requestIdOf } from './request-id.ts';

/** One line per answer: method, path without its query (which may hold what people typed), status, time. */
export function accessLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const started_ms = performance.now();
    response.once('close', () => {
      log.debug({
        request_id: requestIdOf(response), method: request.method, path: request.originalUrl.split('?')[0],
        status: response.statusCode, duration_ms: Math.round(performance.now() - started_ms),
      }, 'answered');
    });
    next();
  };
}
