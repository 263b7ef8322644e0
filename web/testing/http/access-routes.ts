import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { emergencyOf, permissionTable } from '../data/access.ts';
import { idOf } from '../data/ids.ts';
import { ok, page, problem, type Answer } from './answers.ts';
import type { Handler, Question } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about who may do what. It decides nothing. */
export const ACCESS_ROUTES: Record<string, Handler> = {
  'GET /api/v1/roles': ({ world: { access } }) => ok({ items: access.roles }),
  'POST /api/v1/roles': ({ world: { access }, body }) => {
    const { name, permissions } = body as Schemas['NewRole'];
    const made: Schemas['RoleDefinition'] = { id: idOf('custom_role', name), name, permissions, built_in: false, version: 1, in_use: 0, created_by: idOf('principal', 'owner'), created_at: new Date().toISOString() };
    access.roles.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/roles/{role_id}': ({ world: { access }, params, body }) => {
    const found = access.roles.find(({ id }) => id === params['role_id']);
    return found === undefined ? problem('not_found', 'There is no such role of your own.') : ok(Object.assign(found, body, { version: (found.version ?? 0) + 1 }));
  },
  'DELETE /api/v1/roles/{role_id}': ({ world: { access }, params }) => {
    access.roles = access.roles.filter(({ id }) => id !== params['role_id']);
    return { status: 204 };
  },
  'GET /api/v1/role-assignments': ({ world: { access }, query }) => ok({ items: access.assignments.filter(({ principal_id }) => query.get('principal_id') === null || principal_id === query.get('principal_id')) }),
  'POST /api/v1/role-assignments': ({ world: { access }, body }) => {
    const { principal_id, role, expires_at = null } = body as Schemas['NewRoleAssignment'];
    if (role === 'admin') return problem('second_person_required', 'Somebody else has to agree to this. It waits as a change request.', { change_request_id: idOf('change_request', 'grant') });
    const known = access.assignments.find((one) => one.principal_id === principal_id);
    if (known === undefined) return problem('not_found', 'There is no such principal.');
    const made: Schemas['RoleAssignment'] = { ...known, role, source: 'direct', granted_by: idOf('principal', 'owner'), granted_at: new Date().toISOString(), expires_at };
    access.assignments.push(made);
    return { status: 201, body: made };
  },
  'DELETE /api/v1/role-assignments': ({ world: { access }, query }) => {
    access.assignments = access.assignments.filter(({ principal_id, role, source }) => principal_id !== query.get('principal_id') || role !== query.get('role') || source !== 'direct');
    return { status: 204 };
  },
  'GET /api/v1/change-requests': ({ world: { access }, query }) => page(access.changes.filter(({ state }) => query.get('state') === null || state === query.get('state')).map((change) => ({ ...change, call: null })), query),
  'GET /api/v1/change-requests/{change_id}': ({ world: { access }, params }) => {
    const found = access.changes.find(({ id }) => id === params['change_id']);
    return found === undefined ? problem('not_found', 'There is no such change.') : ok(found);
  },
  'POST /api/v1/change-requests/{change_id}/approve': (question) => decide(question, 'executed'),
  'POST /api/v1/change-requests/{change_id}/reject': (question) => decide(question, 'rejected'),
  'POST /api/v1/change-requests/{change_id}/withdraw': ({ world: { access }, params }) => {
    const found = access.changes.find(({ id }) => id === params['change_id']);
    return found === undefined ? problem('not_found', 'There is no such change.') : ok(Object.assign(found, { state: 'withdrawn', decided_at: new Date().toISOString() }));
  },
  'GET /api/v1/break-glass': ({ world: { access } }) => ok({ items: access.emergencies }),
  'POST /api/v1/break-glass': ({ world: { access }, body }) => {
    const { role, reason, duration_s } = body as Schemas['NewBreakGlass'];
    const made = emergencyOf('owner', 'Cell owner', { role, reason, activated_at: new Date().toISOString(), ends_at: new Date(Date.now() + duration_s * 1_000).toISOString() });
    access.emergencies.unshift(made);
    return { status: 201, body: made };
  },
  'POST /api/v1/break-glass/{grant_id}/end': ({ world: { access }, params }) => {
    const found = access.emergencies.find(({ id }) => id === params['grant_id']);
    return found === undefined ? problem('not_found', 'There is no such emergency.') : ok(Object.assign(found, { active: false, ended_at: new Date().toISOString(), ended_because: 'ended' }));
  },
  'POST /api/v1/break-glass/{grant_id}/review': ({ world: { access }, params, body }) => {
    const found = access.emergencies.find(({ id }) => id === params['grant_id']);
    return found === undefined ? problem('not_found', 'There is no such emergency.') : ok(Object.assign(found, { verdict: (body as { verdict: 'justified' }).verdict, reviewed_by: idOf('principal', 'owner'), reviewed_at: new Date().toISOString() }));
  },
  'GET /api/v1/permissions': () => ok(permissionTable()),
  'GET /api/v1/authorization': ({ world: { access } }) => ({ ...ok(access.authorization), headers: { etag: `"${access.authorization.version}"` } }),
  'PUT /api/v1/authorization': ({ world: { access }, body }) => ok(Object.assign(access.authorization, body, { version: access.authorization.version + 1 })),
};

function decide({ world: { access }, params, body }: Question, state: Schemas['ChangeRequest']['state']): Answer {
  const found = access.changes.find(({ id }) => id === params['change_id']);
  if (found === undefined) return problem('not_found', 'There is no such change.');
  if ((body as Schemas['ChangeDecision']).digest !== found.digest) return problem('change_request_state', 'It is another call than the one that you looked at.');
  return ok(Object.assign(found, { state, decided_by: idOf('principal', 'owner'), decided_at: new Date().toISOString(), may_decide: false, may_not_decide_because: 'It is decided.' }));
}
