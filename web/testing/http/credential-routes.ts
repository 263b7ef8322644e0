import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { credentialOf } from '../data/credentials.ts';
import { ok, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about credentials. It keeps none of what it is given. */
export const CREDENTIAL_ROUTES: Record<string, Handler> = {
  'GET /api/v1/credentials': ({ world }) => ok({ items: world.credentials }),
  'POST /api/v1/credentials': ({ world, body }) => {
    const { name, kind, secret_ref = null } = body as Schemas['NewCredential'];
    if (world.credentials.some((one) => one.name === name)) return problem('name_taken', `A credential named ${name} exists.`);
    const made = credentialOf(name, { kind, secret_ref, source: secret_ref === null ? 'sealed' : 'env', created_at: new Date().toISOString() });
    world.credentials.push(made);
    return { status: 201, body: made };
  },
  'POST /api/v1/credentials/{credential_id}/rotate': ({ world, params, body }) => {
    const { secret_ref = null, overlap_s = 0 } = body as Schemas['CredentialRotation'];
    const found = world.credentials.find(({ id }) => id === params['credential_id']);
    if (found === undefined) return problem('not_found', 'There is no such credential.');
    return ok(Object.assign(found, { secret_ref, version: found.version + 1, rotated_at: new Date().toISOString(), previous_until: overlap_s === 0 ? null : new Date(Date.now() + overlap_s * 1_000).toISOString() }));
  },
  'DELETE /api/v1/credentials/{credential_id}': ({ world, params }) => {
    world.credentials = world.credentials.filter(({ id }) => id !== params['credential_id']);
    return { status: 204 };
  },
};
