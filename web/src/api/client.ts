import createClient from 'openapi-fetch';
import type { components, paths } from '@countersign/contracts/openapi/api.generated.ts';
import { currentWorkspace } from './current-workspace.ts';
import { errorOfAnswer, unreachable } from './problem.ts';

export type Schemas = components['schemas'];
export type Run = Schemas['Run'];
export type RunSummary = Schemas['RunSummary'];
export type Step = Schemas['Step'];
export type Approval = Schemas['Approval'];

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** The client of our own API, typed by its contract. Lists in a query are written `state=a,b`, as the contract says. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  querySerializer: { array: { style: 'form', explode: false } },
  fetch: (request) => window.fetch(request),
});

api.use({
  onRequest({ request }) {
    const workspace = currentWorkspace();
    if (UNSAFE.has(request.method)) request.headers.set('x-countersign-csrf', '1');
    if (workspace !== null) request.headers.set('countersign-workspace', workspace);
    return request;
  },
  onError() {
    return unreachable();
  },
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/**
 * The data of a successful answer.
 * @throws ApiError for everything else
 */
export async function dataOf<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call;
  if (!response.ok || data === undefined) throw errorOfAnswer(response, error);
  return data;
}

/** What was read, and its tag: a change names it, so that nobody's change is lost. */
export interface Tagged<Data> {
  data: Data;
  etag: string | null;
}

/** Like `dataOf` for what can be changed. */
export async function taggedOf<Data>(call: Promise<Answer<Data>>): Promise<Tagged<Data>> {
  const answer = await call;
  return { data: await dataOf(Promise.resolve(answer)), etag: answer.response.headers.get('etag') };
}

/** The header of a change that replaces what was read under this tag. */
export function ifMatch(etag: string | null): { 'if-match'?: string } {
  return etag === null ? {} : { 'if-match': etag };
}

/** Like `dataOf` for answers without a body. */
export async function done(call: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await call;
  if (!response.ok) throw errorOfAnswer(response, error);
}
