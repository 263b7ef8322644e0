/** `Accept` and `Content-Type` as the REST API demands them. The sandbox speaks JSON only (an instance also speaks XML). */
import type { IncomingHttpHeaders } from 'node:http';
import { TableApiError } from './errors.ts';

/** 406 where the caller does not take JSON. */
export function assertAcceptsJson(headers: IncomingHttpHeaders): void {
  const accept = headers.accept ?? '*/*';
  if (!/application\/json|application\/\*|\*\/\*/i.test(accept)) {
    throw new TableApiError(406, 'Not acceptable', `No representation for ${accept}; the sandbox answers application/json`);
  }
}

/** Writes need both headers (400 without) and a JSON body (415 otherwise). */
export function assertJsonWrite(headers: IncomingHttpHeaders): void {
  if (headers.accept === undefined) throw new TableApiError(400, 'Bad Request', 'Accept header is required');
  if (headers['content-type'] === undefined) throw new TableApiError(400, 'Bad Request', 'Content-Type header is required');
  assertAcceptsJson(headers);
  if (!/^application\/json\b/i.test(headers['content-type'])) {
    throw new TableApiError(415, 'Unsupported media type', `Content-Type ${headers['content-type']} is not supported`);
  }
}
