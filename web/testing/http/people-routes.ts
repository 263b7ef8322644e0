import { idOf } from '../data/ids.ts';
import { meOf } from '../data/setup.ts';
import { ok, problem } from './answers.ts';
import type { Handler } from './question.ts';

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
};
