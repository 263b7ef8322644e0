import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { keyOf, sealOf, signaturesOf } from '../data/keys.ts';
import { ok, page, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about keys. It has none. */
export const KEY_ROUTES: Record<string, Handler> = {
  'GET /api/v1/keys': ({ world: { keys } }) => ok({ keys: keys.signing }),
  'POST /api/v1/keys/rotations': ({ world: { keys }, body }) => {
    const { purpose } = body as Schemas['NewKeyRotation'];
    const made: Schemas['PublicKey'] = { ...keyOf(purpose, 'rotated', 'EdDSA'), state: 'upcoming', created_at: new Date().toISOString() };
    keys.signing.push(made);
    return { status: 201, body: made };
  },
  'POST /api/v1/keys/{kid}/revoke': ({ world: { keys }, params, body }) => {
    const { compromised_since } = body as Schemas['KeyRevocation'];
    const found = keys.signing.find(({ kid }) => kid === params['kid']);
    return found === undefined ? problem('not_found', 'There is no such key.') : ok(Object.assign(found, { state: 'revoked', revoked_at: new Date().toISOString(), compromised_since }));
  },
  'GET /api/v1/keys/{kid}/signatures': ({ world: { keys }, params, query }) => {
    const found = keys.signing.find(({ kid }) => kid === params['kid']);
    if (found === undefined) return problem('not_found', 'There is no such key.');
    const { body } = page(signaturesOf(found), query);
    return ok({ ...body as object, not_kept: found.purpose === 'webhook' ? 'Webhooks are not kept one by one: receivers have them.' : null });
  },
  'GET /api/v1/data-keys': ({ world: { keys } }) => ok({ items: keys.sealing }),
  'POST /api/v1/data-keys/rotations': ({ world: { keys }, body }) => {
    const { purpose } = body as Schemas['NewDataKeyRotation'];
    const before = keys.sealing.filter((key) => key.purpose === purpose);
    for (const key of before) Object.assign(key, { state: 'opening', superseded_at: key.superseded_at ?? new Date().toISOString() });
    const made = sealOf(purpose, before.length + 1, 'sealing');
    keys.sealing.unshift(made);
    return { status: 201, body: made };
  },
};
