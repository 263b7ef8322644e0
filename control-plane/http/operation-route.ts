import type { Request, RequestHandler, Response } from 'express';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { ContractOperation, ParameterPlace } from '@countersign/platform/http/contract.ts';
import { readRawBody } from '@countersign/platform/http/raw-body.ts';
import { parseJsonBody, parseTextBody, requireMediaType } from '@countersign/platform/http/strict-body.ts';
import type { Access } from '../access/access.ts';
import type { AnyAnswer, Call, Handler, RoutedOperationId } from '../api/operation.ts';
import type { SecondPerson } from '../changes/second-person.ts';
import { requestIdOf } from './request-id.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const PLACES: readonly ParameterPlace[] = ['path', 'query', 'header'];

/** One operation of the contract over HTTP: who, may they, is it what the contract says, do it, answer. */
export function operationRoute<Op extends RoutedOperationId>(id: Op, handler: Handler<Op>, operation: ContractOperation, parts: { readonly access: Access; readonly secondPerson: SecondPerson }): RequestHandler {
  return async (request, response) => {
    const { principal, operator, require, address } = await parts.access.admit(request, id, response);
    const parameters = checkedParameters(operation, request);
    const body = await checkedBody(operation, request);
    if (require === 'second_person' && principal !== null) return parts.secondPerson.hold(principal, id, { path: parameters.path, query: parameters.query, headers: parameters.header, body });
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    // The contract was checked right above; from here on the types of the contract hold.
    const call = {
      requestId: requestIdOf(response), principal, operator,
      path: parameters.path, query: parameters.query, headers: parameters.header, body, address, signal: gone.signal,
    } as unknown as Call<Op>;
    sendAnswer(response, await handler(call) as AnyAnswer);
  };
}

function checkedParameters(operation: ContractOperation, request: Request): Record<ParameterPlace, Record<string, unknown>> {
  const values = { path: { ...request.params }, query: queryOf(request), header: { ...request.headers } };
  const errors = PLACES.flatMap((place) => operation.checkParameters(place, values[place]));
  if (errors.length > 0) throw new ApiError('request_invalid', 'A parameter does not fit the contract.', { errors });
  return values;
}

/** Plain names and texts: no nesting, and a name that comes twice is refused rather than guessed at. */
function queryOf(request: Request): Record<string, unknown> {
  const at = request.originalUrl.indexOf('?');
  const query: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : request.originalUrl.slice(at + 1))) {
    if (name in query) throw new ApiError('request_invalid', 'A query parameter comes twice.', { errors: [{ field: `/query/${name}`, code: 'repeated', message: 'Send it once.' }] });
    if (value.includes('\0')) throw new ApiError('request_invalid', 'A query parameter holds a NUL character.', { errors: [{ field: `/query/${name}`, code: 'nul_character', message: 'Remove the NUL character.' }] });
    query[name] = value;
  }
  return query;
}

async function checkedBody(operation: ContractOperation, request: Request): Promise<unknown> {
  if (operation.requestMediaType === null) return undefined;
  requireMediaType(request, operation.requestMediaType);
  const bytes = await readRawBody(request, MAX_BODY_BYTES);
  const body = operation.requestMediaType === 'application/json' ? parseJsonBody(bytes, MAX_BODY_BYTES) : parseTextBody(bytes);
  const errors = operation.checkBody(body);
  if (errors.length > 0) throw new ApiError('request_invalid', 'The body does not fit the contract.', { errors });
  return body;
}

function sendAnswer(response: Response, answer: AnyAnswer): void {
  if (answer.stream !== undefined) {
    answer.stream(response);
    return;
  }
  response.status(answer.status).setHeader('cache-control', 'no-store');
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.bytes !== undefined) response.type(answer.mediaType ?? 'application/octet-stream').send(Buffer.from(answer.bytes));
  else if (answer.body !== undefined) response.json(answer.body);
  else response.end();
}
