import type { components } from '@countersign/contracts/openapi/api.generated.ts';

export type Problem = components['schemas']['Problem'];

/** Codes that the console makes itself when there is no problem document to show. */
export type ConsoleCode = 'unreachable' | 'answer_not_understood' | 'sandbox_refused' | 'passkey_not_given';

/** What the API (or the way to it) refused, in the words of its problem document. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly problem: Problem | null;

  constructor(parts: { status: number; code: string; message: string; requestId?: string | null; problem?: Problem | null }) {
    super(parts.message);
    this.name = 'ApiError';
    this.status = parts.status;
    this.code = parts.code;
    this.requestId = parts.requestId ?? null;
    this.problem = parts.problem ?? null;
  }
}

export function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body && 'request_id' in body;
}

/** The error of an answer that was not a success. A proxy's HTML page is no problem document: then only the status is known. */
export function errorOfAnswer(response: Response, body: unknown): ApiError {
  if (isProblem(body)) {
    return new ApiError({ status: response.status, code: body.code, message: body.detail || body.title, requestId: body.request_id, problem: body });
  }
  return new ApiError({
    status: response.status,
    code: 'answer_not_understood' satisfies ConsoleCode,
    message: `The server answered ${response.status} without saying why. Something between you and Countersign may have answered instead.`,
    requestId: response.headers.get('x-request-id'),
  });
}

export function unreachable(): ApiError {
  return new ApiError({ status: 0, code: 'unreachable' satisfies ConsoleCode, message: 'The server cannot be reached. Is the cell running? The console tries again by itself.' });
}

/** A title and a text for people, whatever was thrown. */
export function describeError(error: unknown): { title: string; detail: string; code: string; requestId: string | null } {
  if (error instanceof ApiError) {
    const title = error.problem?.title ?? (error.code === 'passkey_not_given' ? 'No passkey was used' : error.status === 0 ? 'No connection' : `Answer ${error.status}`);
    return { title, detail: error.message, code: error.code, requestId: error.requestId };
  }
  return { title: 'The console made a mistake', detail: error instanceof Error ? error.message : String(error), code: 'console_fault', requestId: null };
}
