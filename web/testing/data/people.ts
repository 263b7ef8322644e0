import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Schemas = components['schemas'];

const HOUR_MS = 3_600_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface PeopleState {
  sessions: Schemas['Session'][];
}

/** One person in two browsers. */
export function peopleState(): PeopleState {
  const session: Schemas['Session'] = {
    id: idOf('session', 'here'), principal_id: idOf('principal', 'owner'), current: true, method: 'link', auth_strength: 'link', provider_id: null, provider_name: null, user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/154.0',
    signed_in_at: at(-0.7 * HOUR_MS), created_at: at(-0.7 * HOUR_MS), last_seen_at: at(0), expires_at: at(8 * HOUR_MS),
  };
  return {
    sessions: [
      session,
      { ...session, id: idOf('session', 'phone'), current: false, method: 'oidc', auth_strength: 'mfa', provider_id: idOf('identity_provider', 'entra'), provider_name: 'Acme Entra', user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1', signed_in_at: at(-20 * HOUR_MS), created_at: at(-20 * HOUR_MS), last_seen_at: at(-2 * HOUR_MS), expires_at: at(6 * HOUR_MS) },
    ],
  };
}
