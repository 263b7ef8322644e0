import type { ServerResponse } from 'node:http';
import { ERROR_CATALOGUE } from '@countersign/contracts/errors/catalogue.ts';
import type { Problem } from '@countersign/contracts/errors/catalogue.ts';
import { CanonicalJsonError } from '../canonical-json/errors.ts';
import { ApiError } from './api-error.ts';

const MAX_FIELD_PROBLEMS = 50;

/** The error as the caller sees it. What is not an ApiError is ours to mend: the caller learns only that it happened. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof CanonicalJsonError) return fromJson(error);
  return new ApiError('internal', 'The request could not be carried out. The operator finds the reason in the log under `request_id`.', { cause: error });
}

/** RFC 9457 problem document for `error`. */
export function problemOf(error: ApiError, at: { readonly requestId: string; readonly path: string }): Problem & Record<string, unknown> {
  const { status, title } = ERROR_CATALOGUE[error.code];
  return {
    ...error.members,
    type: `https://countersign.dev/errors/${error.code}`,
    title, status,
    detail: error.message,
    instance: at.path,
    code: error.code,
    request_id: at.requestId,
    ...(error.errors === undefined ? {} : { errors: error.errors.slice(0, MAX_FIELD_PROBLEMS) }),
  };
}

/** Answers with the problem, unless an answer has already begun: then the connection is cut, so that half an answer is not taken for whole. */
export function sendProblem(response: ServerResponse, error: ApiError, at: { readonly requestId: string; readonly path: string }): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(problemOf(error, at));
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  if (error.retryAfter_s !== undefined) response.setHeader('retry-after', String(error.retryAfter_s));
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-type', 'application/problem+json');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.statusCode = ERROR_CATALOGUE[error.code].status;
  response.end(body);
}

function fromJson(error: CanonicalJsonError): ApiError {
  if (error.code === 'json_too_large') return new ApiError('body_too_large', error.message, { cause: error });
  return new ApiError('json_invalid', `The body is refused: ${error.message}.`, {
    cause: error, errors: [{ field: error.pointer, code: error.code, message: error.message }],
  });
}
