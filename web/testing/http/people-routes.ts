import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { groupOf, invitationOf } from '../data/people.ts';
import { meOf } from '../data/setup.ts';
import { ok, page, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** The token of the invitation that works. */
export const INVITATION = 'stand-in-invitation';

/** What the stand-in answers about who may sign in, and how. */
export const PEOPLE_ROUTES: Record<string, Handler> = {
  'GET /api/v1/me': ({ world }) => ok(meOf(world.scenario.roles, world.workspace)),
  'PUT /api/v1/me/workspace': ({ world, body }) => {
    const { workspace_id } = body as { workspace_id: string };
    const known = meOf(world.scenario.roles, null).workspaces?.some(({ id }) => id === workspace_id) === true;
    if (!known) return problem('not_found', 'There is no such workspace.');
    world.workspace = workspace_id;
    return ok(meOf(world.scenario.roles, workspace_id));
  },
  'GET /api/v1/sign-in/methods': ({ query }) => ok({ link: true, passkey: true, providers: query.get('tenant') === 'acme' ? [{ id: idOf('identity_provider', 'entra'), name: 'Acme Entra' }] : [] }),
  // A provider would ask the person and send the browser back; here it is back at once.
  'POST /api/v1/sign-in/oidc': ({ world, body, origin }) => {
    world.signIns.push(body);
    return ok({ authorization_url: `${origin}/sign-in?error=identity_not_invited&tenant=acme` });
  },
  'GET /api/v1/sessions': ({ world: { people } }) => ok({ items: people.sessions }),
  'POST /api/v1/sessions/revoke': ({ world: { people }, body }) => {
    const { except_current = false } = body as { except_current?: boolean };
    const staying = people.sessions.filter(({ current }) => current && except_current);
    const revoked = people.sessions.length - staying.length;
    people.sessions = staying;
    return ok({ revoked });
  },
  'DELETE /api/v1/sessions/{session_id}': ({ world: { people }, params }) => {
    if (!people.sessions.some(({ id }) => id === params['session_id'])) return problem('session_unknown', 'There is no such session.');
    people.sessions = people.sessions.filter(({ id }) => id !== params['session_id']);
    return { status: 204 };
  },
  'GET /api/v1/passkeys': ({ world: { people } }) => ok({ items: people.passkeys }),
  'DELETE /api/v1/passkeys/{passkey_id}': ({ world: { people }, params }) => {
    people.passkeys = people.passkeys.filter(({ id }) => id !== params['passkey_id']);
    return { status: 204 };
  },
  'POST /api/v1/sign-in/invitation': ({ body }) => ((body as { token: string }).token === INVITATION
    ? ok({ tenant: { slug: 'acme', name: 'Acme' }, workspace: { name: 'IT operations' }, display_name: 'New colleague', email: 'new@acme.example', roles: ['operator'], methods: { link: false, passkey: true, providers: [{ id: idOf('identity_provider', 'entra'), name: 'Acme Entra' }] }, attempt_id: idOf('sign_in_attempt', 'invited'), options: {} })
    : problem('invitation_invalid', 'The invitation is unknown, withdrawn, used or over.')),
  'POST /api/v1/sign-in/invitation/accept': ({ world, body, origin }) => {
    world.signIns.push(body);
    return ok({ authorization_url: `${origin}/sign-in?error=sign_in_refused&tenant=acme` });
  },
  'GET /api/v1/people': ({ world: { people }, query }) => page(people.people.filter(({ display_name, email }) => `${display_name} ${email}`.toLowerCase().includes((query.get('q') ?? '').toLowerCase())), query),
  'GET /api/v1/people/{principal_id}': ({ world: { people }, params }) => {
    const found = people.people.find(({ id }) => id === params['principal_id']);
    return found === undefined ? problem('not_found', 'There is no such person.') : ok(found);
  },
  'PATCH /api/v1/people/{principal_id}': ({ world: { people }, params, body }) => {
    const { disabled, ...rest } = body as { disabled?: boolean; display_name?: string };
    const found = people.people.find(({ id }) => id === params['principal_id']);
    return found === undefined ? problem('not_found', 'There is no such person.') : ok(Object.assign(found, rest, disabled === undefined ? {} : { state: disabled ? 'disabled' : 'active' }));
  },
  'GET /api/v1/invitations': ({ world: { people } }) => ok({ items: people.invitations }),
  'POST /api/v1/invitations': ({ world: { people }, body, origin }) => {
    const { email, display_name, roles } = body as Schemas['NewInvitation'];
    const made = invitationOf(display_name, email, roles);
    people.invitations.unshift(made);
    return { status: 201, body: { ...made, link: `${origin}/sign-in#invitation=${INVITATION}` } };
  },
  'DELETE /api/v1/invitations/{invitation_id}': ({ world: { people }, params }) => {
    for (const one of people.invitations) if (one.id === params['invitation_id']) one.state = 'revoked';
    return { status: 204 };
  },
  'GET /api/v1/groups': ({ world: { people } }) => ok({ items: people.groups }),
  'POST /api/v1/groups': ({ world: { people }, body }) => {
    const { name, members = [] } = body as { name: string; members?: string[] };
    const made = { ...groupOf(name, name, 'local', []), members };
    people.groups.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/groups/{group_id}': ({ world: { people }, params, body }) => {
    const found = people.groups.find(({ id }) => id === params['group_id']);
    return found === undefined ? problem('not_found', 'There is no such group.') : ok(Object.assign(found, body));
  },
  'DELETE /api/v1/groups/{group_id}': ({ world: { people }, params }) => {
    people.groups = people.groups.filter(({ id }) => id !== params['group_id']);
    return { status: 204 };
  },
  'GET /api/v1/groups/{group_id}/roles': ({ world: { people } }) => ok({ roles: people.groupRoles }),
  'PUT /api/v1/groups/{group_id}/roles': ({ world: { people }, body }) => {
    const { roles } = body as { roles: Array<{ workspace_id: string; role: string }> };
    people.groupRoles = roles.map((one) => ({ ...one, granted_by: idOf('principal', 'owner'), granted_at: new Date().toISOString() }));
    return ok({ roles: people.groupRoles });
  },
};
