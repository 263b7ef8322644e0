import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { keyOf } from '../data/machines.ts';
import { ok, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

const OWNER = idOf('principal', 'owner');
/** What the stand-in gives out as a secret. It opens nothing. */
export const STAND_IN_SECRET = 'stand-in-secret-that-opens-nothing';

/** What the stand-in answers about programs that call the API. */
export const MACHINE_ROUTES: Record<string, Handler> = {
  'GET /api/v1/api-keys': ({ world: { machines }, query }) => ok({ items: machines.keys.filter(({ principal_id }) => principal_id === (query.get('principal_id') ?? OWNER)) }),
  'POST /api/v1/api-keys': ({ world: { machines }, body }) => {
    const { name, scopes = null, expires_at, principal_id = OWNER } = body as Schemas['NewApiKey'];
    const made = { ...keyOf(name, principal_id, 'person', scopes), expires_at: expires_at ?? null, last_used_at: null, created_at: new Date().toISOString() };
    machines.keys.unshift(made);
    return { status: 201, body: { ...made, key: STAND_IN_SECRET } };
  },
  'POST /api/v1/api-keys/{key_id}/rotate': ({ world: { machines }, params }) => {
    const before = machines.keys.find(({ id }) => id === params['key_id']);
    if (before === undefined) return problem('not_found', 'There is no such key.');
    const made = { ...before, id: idOf('api_key', `${before.name} rotated`), created_at: new Date().toISOString(), last_used_at: null };
    before.replaced_by = made.id;
    machines.keys.unshift(made);
    return { status: 201, body: { ...made, key: STAND_IN_SECRET } };
  },
  'DELETE /api/v1/api-keys/{key_id}': ({ world: { machines }, params }) => {
    machines.keys = machines.keys.filter(({ id }) => id !== params['key_id']);
    return { status: 204 };
  },
  'GET /api/v1/service-accounts': ({ world: { machines } }) => ok({ items: machines.accounts }),
  'POST /api/v1/service-accounts': ({ world: { machines }, body }) => {
    const { name } = body as { name: string };
    const made: Schemas['ServiceAccount'] = { id: idOf('principal', name), name, disabled: false, created_at: new Date().toISOString(), roles: [], api_keys: 0, clients: 0, federations: 0 };
    machines.accounts.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/service-accounts/{principal_id}': ({ world: { machines }, params, body }) => {
    const found = machines.accounts.find(({ id }) => id === params['principal_id']);
    return found === undefined ? problem('not_found', 'There is no such service account.') : ok(Object.assign(found, body));
  },
  'GET /api/v1/oauth-clients': ({ world: { machines } }) => ok({ items: machines.clients }),
  'POST /api/v1/oauth-clients': ({ world: { machines }, body }) => {
    const { name, principal_id, scopes, token_ttl_s = 900 } = body as Schemas['NewOauthClient'];
    const made: Schemas['OauthClient'] = { id: idOf('oauth_client', name), name, principal_id, scopes, token_ttl_s, workspace_id: idOf('workspace', 'it'), disabled: false, version: 1, created_by: OWNER, created_at: new Date().toISOString(), last_used_at: null, previous_until: null, keys: [], assertion_client_id: `${idOf('tenant', 'acme')}.${idOf('oauth_client', name)}` };
    machines.clients.push(made);
    return { status: 201, body: { ...made, client_secret: STAND_IN_SECRET } };
  },
  'POST /api/v1/oauth-clients/{client_id}/rotate': ({ world: { machines }, params }) => {
    const found = machines.clients.find(({ id }) => id === params['client_id']);
    return found === undefined ? problem('not_found', 'There is no such client.') : { status: 201, body: { ...found, client_secret: STAND_IN_SECRET } };
  },
  'DELETE /api/v1/oauth-clients/{client_id}': ({ world: { machines }, params }) => {
    machines.clients = machines.clients.filter(({ id }) => id !== params['client_id']);
    return { status: 204 };
  },
  'GET /api/v1/federations': ({ world: { machines } }) => ok({ items: machines.federations }),
  'POST /api/v1/federations': ({ world: { machines }, body }) => {
    const { name, issuer, audience, principal_id, conditions, scopes } = body as Schemas['NewFederation'];
    const made: Schemas['Federation'] = { id: idOf('federation', name), name, issuer, audience, principal_id, conditions, scopes, workspace_id: idOf('workspace', 'it'), token_ttl_s: 900, enabled: true, version: 1, created_by: OWNER, created_at: new Date().toISOString(), last_used_at: null };
    machines.federations.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/federations/{federation_id}': ({ world: { machines }, params, body }) => {
    const found = machines.federations.find(({ id }) => id === params['federation_id']);
    return found === undefined ? problem('not_found', 'There is no such federation.') : ok(Object.assign(found, body));
  },
  'DELETE /api/v1/federations/{federation_id}': ({ world: { machines }, params }) => {
    machines.federations = machines.federations.filter(({ id }) => id !== params['federation_id']);
    return { status: 204 };
  },
  'POST /api/v1/federations/{federation_id}/test': ({ body }) => ((body as { token: string }).token === 'good'
    ? ok({ accepted: true, failed: [] })
    : ok({ accepted: false, failed: [{ check: 'condition', detail: 'ref is refs/heads/main; it must fit refs/tags/*.' }] })),
};
