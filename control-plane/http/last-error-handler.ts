import type { ErrorRequestHandler } from 'express';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { asApiError, sendProblem } from '@countersign/platform/http/problem.ts';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import { requestIdOf } from './request-id.ts';

/** The one place where an error becomes an answer. What only operators may read stays in the log, under the same request id. */
export function lastErrorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const requestId = requestIdOf(response);
    const problem = asApiError(ofExpress(error) ?? foreseen(error));
    const path = request.originalUrl.split('?')[0] ?? '/';
    if (problem.code === 'internal' || problem.code === 'unavailable' || problem.code === 'root_key_unreachable') log.error({ request_id: requestId, method: request.method, path, err: problem.cause }, problem.code);
    else log.debug({ request_id: requestId, method: request.method, path, code: problem.code }, 'refused');
    sendProblem(response, problem, { requestId, path });
  };
}

/** What is not ours to mend and passes by itself, as the caller is told; everything else as it is. */
export function foreseen(error: unknown): unknown {
  return ofDatabase(error) ?? ofKeys(error) ?? error;
}

/** Express itself refuses paths with broken percent signs. */
function ofExpress(error: unknown): ApiError | undefined {
  return error instanceof URIError ? new ApiError('request_invalid', 'The path holds a % that encodes nothing.', { cause: error }) : undefined;
}

/** Connections lost or refused, a server that is full, starts or stops, and deadlocks: nothing was committed. */
const PASSING_CODE = /^(08...|53300|57P0.|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;
/** pg's own errors of these carry no code. */
const PASSING_MESSAGE = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

function ofDatabase(error: unknown): ApiError | undefined {
  if (!(error instanceof Error)) return undefined;
  const passing = 'code' in error && typeof error.code === 'string' ? PASSING_CODE.test(error.code) : PASSING_MESSAGE.test(error.message);
  return passing ? new ApiError('unavailable', 'The database cannot be reached right now.', { cause: error, retryAfter_s: 2 }) : undefined;
}

/** What is not open in memory cannot be opened or sealed until the root key answers. */
function ofKeys(error: unknown): ApiError | undefined {
  const isAway = error instanceof KeysError && error.code === 'kek_unreachable';
  return isAway ? new ApiError('root_key_unreachable', 'The root key of this cell does not answer, and this takes a key that it has to unwrap.', { cause: error, retryAfter_s: 5 }) : undefined;
}
