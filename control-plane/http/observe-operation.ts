import type { RequestHandler } from 'express';
import type { RequestMetrics } from '../telemetry/request-metrics.ts';

/** Counts the answers of one operation, whoever gives them. */
export function observeOperation(operation: string, requests: RequestMetrics): RequestHandler {
  return (_request, response, next) => {
    const began_ms = performance.now();
    response.once('close', () => requests.answered(operation, response.statusCode, performance.now() - began_ms));
    next();
  };
}
