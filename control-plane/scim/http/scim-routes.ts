import express from 'express';
import type { Request, RequestHandler, Response, Router } from 'express';
import { ERROR_CATALOGUE } from '@countersign/contracts/errors/catalogue.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { asApiError } from '@countersign/platform/http/problem.ts';
import { readRawBody } from '@countersign/platform/http/raw-body.ts';
import { parseJsonBody } from '@countersign/platform/http/strict-body.ts';
import type { Access } from '../../access/access.ts';
import { observeOperation } from '../../http/observe-operation.ts';
import type { Principal } from '../../identity/principal.ts';
import type { RequestMetrics } from '../../telemetry/request-metrics.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import { resourceTypes, schemas, serviceProviderConfig } from '../discovery.ts';
import { ScimError } from '../errors.ts';
import type { ScimGroups } from '../groups.ts';
import type { Json, JsonObject } from '../json.ts';
import { member } from '../json.ts';
import type { ScimUsers } from '../users.ts';

const MEDIA_TYPE = 'application/scim+json';
const MAX_BODY_BYTES = 1024 * 1024;

export interface Scim {
  readonly users: ScimUsers;
  readonly groups: ScimGroups;
  readonly baseUrl: string;
}

export type ScimOperationId = Extract<OperationId, `scim${string}`>;

interface Asked {
  readonly principal: Principal;
  readonly id: string;
  readonly query: URLSearchParams;
  readonly ifMatch: string | undefined;
  readonly body: () => Promise<Json>;
}

type Work = (asked: Asked) => Promise<JsonObject | null>;

/** SCIM 2.0 over HTTP (RFC 7644): admitted like every operation, with media types and errors of its own. */
export function scimRoutes(access: Access, { users, groups, baseUrl }: Scim, requests: RequestMetrics): Router {
  const router = express.Router({ caseSensitive: true });
  const route = (id: ScimOperationId, work: Work, status = 200): RequestHandler[] => [observeOperation(id, requests), scimRoute(access, id, work, status)];
  router.get('/ServiceProviderConfig', route('scimGetConfig', () => Promise.resolve(serviceProviderConfig(baseUrl))));
  router.get('/ResourceTypes', route('scimListTypes', () => Promise.resolve(resourceTypes(baseUrl))));
  router.get('/Schemas', route('scimListSchemas', () => Promise.resolve(schemas(baseUrl))));

  router.get('/Users', route('scimListUsers', ({ principal, query }) => users.list(principal, query)));
  router.post('/Users', route('scimCreateUser', async ({ principal, body }) => users.create(principal, await body()), 201));
  router.get('/Users/:id', route('scimGetUser', ({ principal, id }) => users.get(principal, id)));
  router.put('/Users/:id', route('scimReplaceUser', async ({ principal, id, ifMatch, body }) => users.replace(principal, id, await body(), ifMatch)));
  router.patch('/Users/:id', route('scimPatchUser', async ({ principal, id, ifMatch, body }) => users.patch(principal, id, await body(), ifMatch)));
  router.delete('/Users/:id', route('scimDeleteUser', ({ principal, id, ifMatch }) => users.remove(principal, id, ifMatch).then(() => null), 204));

  router.get('/Groups', route('scimListGroups', ({ principal, query }) => groups.list(principal, query)));
  router.post('/Groups', route('scimCreateGroup', async ({ principal, body }) => groups.create(principal, await body()), 201));
  router.get('/Groups/:id', route('scimGetGroup', ({ principal, id, query }) => groups.get(principal, id, query)));
  router.put('/Groups/:id', route('scimReplaceGroup', async ({ principal, id, ifMatch, body }) => groups.replace(principal, id, await body(), ifMatch)));
  router.patch('/Groups/:id', route('scimPatchGroup', async ({ principal, id, ifMatch, body }) => groups.patch(principal, id, await body(), ifMatch)));
  router.delete('/Groups/:id', route('scimDeleteGroup', ({ principal, id, ifMatch }) => groups.remove(principal, id, ifMatch).then(() => null), 204));
  router.use(() => { throw new ApiError('not_found', 'There is no such SCIM endpoint.'); });
  return router;
}

function scimRoute(access: Access, operation: ScimOperationId, work: Work, status: number): RequestHandler {
  return async (request, response) => {
    try {
      const { principal } = await access.admit(request, operation, response);
      if (principal === null) throw new ApiError('unauthenticated', 'Send an API key with the scope scim:manage.');
      refuseUnlessHome(principal);
      const at = request.originalUrl.indexOf('?');
      const resource = await work({
        principal, id: String(request.params['id'] ?? ''), query: queryOf(at < 0 ? '' : request.originalUrl.slice(at + 1)),
        ifMatch: request.headers['if-match'], body: () => bodyOf(request),
      });
      send(response, status, resource);
    } catch (error) {
      sendError(response, error);
    }
  };
}

/** PostgreSQL has no NUL, and no attribute holds one. @throws ScimError `invalidValue` */
function queryOf(text: string): URLSearchParams {
  const query = new URLSearchParams(text);
  if ([...query.values()].some((value) => value.includes('\0'))) throw new ScimError('invalidValue', 'The query holds a NUL character.');
  return query;
}

/** JSON under either of the names that directories send. */
async function bodyOf(request: Request): Promise<Json> {
  const [type = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(';').map((part) => part.trim());
  if (type !== MEDIA_TYPE && type !== 'application/json') throw new ApiError('media_type_unsupported', `Send Content-Type: ${MEDIA_TYPE}.`);
  return parseJsonBody(await readRawBody(request, MAX_BODY_BYTES), MAX_BODY_BYTES);
}

function send(response: Response, status: number, resource: JsonObject | null): void {
  response.status(status).setHeader('cache-control', 'no-store');
  if (resource === null) {
    response.end();
    return;
  }
  const meta = member(resource, 'meta');
  const tag = typeof meta === 'object' && meta !== null && 'version' in meta ? meta.version : undefined;
  if (typeof tag === 'string') response.setHeader('etag', tag);
  const location = typeof meta === 'object' && meta !== null && 'location' in meta ? meta.location : undefined;
  if (status === 201 && typeof location === 'string') response.setHeader('location', location);
  response.type(MEDIA_TYPE).send(Buffer.from(JSON.stringify(resource)));
}

/** As RFC 7644, 3.12 gives errors; `code` is ours, the same as in problems. What nobody foresaw goes on to the last error handler. */
function sendError(response: Response, error: unknown): void {
  if (error instanceof ScimError) {
    const scimType = error.status === 404 || error.status === 412 ? {} : { scimType: error.code };
    writeError(response, error.status, { ...scimType, detail: error.message, code: error.code });
    return;
  }
  const known = asApiError(error);
  if (known.code === 'internal') throw error;
  for (const [name, value] of Object.entries(known.headers)) response.setHeader(name, value);
  if (known.retryAfter_s !== undefined) response.setHeader('retry-after', String(known.retryAfter_s));
  const { status } = ERROR_CATALOGUE[known.code];
  writeError(response, status, { ...(status === 400 ? { scimType: 'invalidSyntax' } : {}), detail: known.message, code: known.code });
}

function writeError(response: Response, status: number, error: Readonly<Record<string, string | undefined>>): void {
  response.status(status).setHeader('cache-control', 'no-store').type(MEDIA_TYPE)
    .send(Buffer.from(JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), ...error })));
}
