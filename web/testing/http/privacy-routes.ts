import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { erasureOf } from '../data/privacy.ts';
import { ok, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about what is kept. Nothing is swept. */
export const PRIVACY_ROUTES: Record<string, Handler> = {
  'GET /api/v1/retention': ({ world: { privacy } }) => ({ ...ok(privacy.retention), headers: { etag: `"${privacy.version}"` } }),
  'PUT /api/v1/retention': ({ world: { privacy }, body }) => {
    Object.assign(privacy.retention, body, { set_by: idOf('principal', 'owner'), set_at: new Date().toISOString() });
    privacy.version += 1;
    return { ...ok(privacy.retention), headers: { etag: `"${privacy.version}"` } };
  },
  'GET /api/v1/erasure-requests': ({ world: { privacy } }) => ok({ items: privacy.erasures }),
  'POST /api/v1/erasure-requests': ({ world: { privacy }, body }) => {
    const made = erasureOf(JSON.stringify(body), { requested_at: new Date().toISOString() });
    privacy.erasures.unshift(made);
    return { status: 202, body: made };
  },
  'GET /api/v1/legal-holds': ({ world: { privacy } }) => ok({ items: privacy.holds }),
  'POST /api/v1/legal-holds': ({ world: { privacy }, body }) => {
    const { scope, target, reason } = body as Schemas['NewLegalHold'];
    const made: Schemas['LegalHold'] = { id: idOf('legal_hold', reason), scope, target: target ?? idOf('tenant', 'acme'), reason, set_by: idOf('principal', 'owner'), set_at: new Date().toISOString(), released_by: null, released_at: null };
    privacy.holds.unshift(made);
    return { status: 201, body: made };
  },
  'POST /api/v1/legal-holds/{hold_id}/release': ({ world: { privacy }, params }) => {
    const found = privacy.holds.find(({ id }) => id === params['hold_id']);
    return found === undefined ? problem('not_found', 'There is no such hold.') : ok(Object.assign(found, { released_by: idOf('principal', 'owner'), released_at: new Date().toISOString() }));
  },
};
