import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Schemas = components['schemas'];

const HOUR_MS = 3_600_000;
const at = (offset_ms: number): string => new Date(Date.now() + offset_ms).toISOString();

export interface PeopleState {
  sessions: Schemas['Session'][];
  passkeys: Schemas['Passkey'][];
  people: Schemas['Person'][];
  invitations: Schemas['Invitation'][];
  groups: Schemas['Group'][];
  groupRoles: Schemas['GroupRole'][];
}

/** One person in two browsers, a colleague whom a directory keeps, one who was shut out, somebody invited, and groups of both kinds. */
export function peopleState(): PeopleState {
  const session: Schemas['Session'] = {
    id: idOf('session', 'here'), principal_id: idOf('principal', 'owner'), current: true, method: 'link', auth_strength: 'link', provider_id: null, provider_name: null, user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/154.0', address: '192.0.2.0/24',
    signed_in_at: at(-0.7 * HOUR_MS), created_at: at(-0.7 * HOUR_MS), last_seen_at: at(0), expires_at: at(8 * HOUR_MS),
  };
  const owner = personOf('owner', 'Cell owner', { roles: [{ workspace_id: idOf('workspace', 'it'), role: 'admin', source: 'direct' }], passkeys: 1 });
  return {
    passkeys: [{ id: idOf('passkey', 'laptop'), name: 'Laptop', backed_up: false, transports: ['internal'], created_at: at(-300 * HOUR_MS), last_used_at: at(-20 * HOUR_MS) }],
    people: [
      owner,
      personOf('lead', 'Dana Desk lead', { provisioned: true, groups: [{ id: idOf('group', 'leads'), name: 'Desk leads' }], roles: [{ workspace_id: idOf('workspace', 'it'), role: 'approver', source: 'group' }], identities: [{ provider_id: idOf('identity_provider', 'entra'), provider_name: 'Acme Entra', linked_at: at(-900 * HOUR_MS) }] }),
      personOf('former', 'Former colleague', { state: 'disabled', last_seen_at: at(-2_000 * HOUR_MS) }),
    ],
    invitations: [invitationOf('New colleague', 'new@acme.example', ['operator'])],
    groups: [groupOf('leads', 'Desk leads', 'scim', ['lead']), groupOf('night', 'Night shift', 'local', [])],
    groupRoles: [{ workspace_id: idOf('workspace', 'it'), role: 'approver', granted_by: idOf('principal', 'owner'), granted_at: at(-300 * HOUR_MS) }],
    sessions: [
      session,
      { ...session, id: idOf('session', 'phone'), current: false, method: 'oidc', auth_strength: 'mfa', provider_id: idOf('identity_provider', 'entra'), provider_name: 'Acme Entra', user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1', signed_in_at: at(-20 * HOUR_MS), created_at: at(-20 * HOUR_MS), last_seen_at: at(-2 * HOUR_MS), expires_at: at(6 * HOUR_MS) },
    ],
  };
}

function personOf(key: string, display_name: string, more: Partial<Schemas['Person']>): Schemas['Person'] {
  return { id: idOf('principal', key), display_name, email: `${key}@acme.example`, state: 'active', provisioned: false, roles: [], groups: [], identities: [], passkeys: 0, created_at: at(-2_400 * HOUR_MS), last_seen_at: at(-HOUR_MS), ...more };
}

export function invitationOf(display_name: string, email: string, roles: string[]): Schemas['Invitation'] {
  return { id: idOf('invitation', email), email, display_name, workspace_id: idOf('workspace', 'it'), roles, state: 'open', invited_by: idOf('principal', 'owner'), created_at: at(-HOUR_MS), expires_at: at(160 * HOUR_MS), accepted_by: null };
}

export function groupOf(key: string, name: string, source: Schemas['Group']['source'], members: readonly string[]): Schemas['Group'] {
  return { id: idOf('group', key), name, source, members: members.map((member) => idOf('principal', member)), created_at: at(-2_000 * HOUR_MS), changed_at: at(-200 * HOUR_MS) };
}
