import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { providerOf } from '../data/identity-providers.ts';
import { ok, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about providers. None of them is ever asked. */
export const IDENTITY_PROVIDER_ROUTES: Record<string, Handler> = {
  'GET /api/v1/session-limits': ({ world }) => ok(world.sessionLimits),
  'PUT /api/v1/session-limits': ({ world, body }) => {
    world.sessionLimits = { ...body as Schemas['NewSessionLimits'], version: world.sessionLimits.version + 1, set_by: idOf('principal', 'owner'), set_at: new Date().toISOString() };
    return ok(world.sessionLimits);
  },
  'GET /api/v1/identity-providers': ({ world }) => ok({ items: world.identityProviders }),
  'POST /api/v1/identity-providers': ({ world, body }) => {
    const { client_secret = null, ...wish } = body as Schemas['NewIdentityProvider'];
    const made = providerOf(wish.name ?? 'provider', { ...wish, has_client_secret: client_secret !== null });
    world.identityProviders.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/identity-providers/{provider_id}': ({ world, params, body }) => {
    const { client_secret, ...change } = body as Schemas['IdentityProviderChange'];
    const found = world.identityProviders.find(({ id }) => id === params['provider_id']);
    if (found === undefined) return problem('not_found', 'There is no such identity provider.');
    return ok(Object.assign(found, change, { version: found.version + 1 }, client_secret === undefined ? {} : { has_client_secret: client_secret !== null }));
  },
  'DELETE /api/v1/identity-providers/{provider_id}': ({ world, params }) => {
    world.identityProviders = world.identityProviders.filter(({ id }) => id !== params['provider_id']);
    return { status: 204 };
  },
  'POST /api/v1/identity-providers/{provider_id}/test': ({ world, params }) => {
    const found = world.identityProviders.find(({ id }) => id === params['provider_id']);
    if (found === undefined) return problem('not_found', 'There is no such identity provider.');
    if (!found.enabled) return problem('identity_provider_unreachable', 'It did not answer within 10 s.');
    return ok({ issuer: found.issuer, authorization_endpoint: `${found.issuer}/authorize`, token_endpoint: `${found.issuer}/token`, jwks_uri: `${found.issuer}/keys`, algorithms: ['RS256'], algorithm_supported: found.algorithm === 'RS256', pkce_supported: true, names_issuer_in_answers: false, keys: 3 });
  },
};
