import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { RateLimit } from '../cell/rate-limit.ts';

/** Sign-in is open to everybody, so each address has only so many attempts. */
export function limitSignIn(attempts: RateLimit, addressOf: (request: IncomingMessage) => string): RequestHandler {
  return (request, _response, next) => {
    if (attempts.take(addressOf(request)) === null) throw new ApiError('rate_limited', 'Too many attempts to sign in from this address.', { retryAfter_s: 1 });
    next();
  };
}
