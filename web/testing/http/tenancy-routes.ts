import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { workspaceOf } from '../data/tenancy.ts';
import { ok, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about the tenant as a whole. It keeps no limit. */
export const TENANCY_ROUTES: Record<string, Handler> = {
  'GET /api/v1/workspaces': ({ world: { tenancy } }) => ok({ items: tenancy.workspaces }),
  'POST /api/v1/workspaces': ({ world: { tenancy }, body }) => {
    const { slug, name } = body as Schemas['NewWorkspace'];
    if (tenancy.workspaces.some((one) => one.slug === slug)) return problem('name_taken', `There is a workspace ${slug} already.`);
    const made = workspaceOf(slug, slug, name, false);
    tenancy.workspaces.push(made);
    return { status: 201, body: made };
  },
  'PATCH /api/v1/workspaces/{workspace_id}': ({ world: { tenancy }, params, body }) => {
    const found = tenancy.workspaces.find(({ id }) => id === params['workspace_id']);
    return found === undefined ? problem('not_found', 'There is no such workspace.') : ok(Object.assign(found, body));
  },
  'POST /api/v1/workspaces/{workspace_id}/archive': ({ world: { tenancy }, params }) => {
    const found = tenancy.workspaces.find(({ id }) => id === params['workspace_id']);
    return found === undefined ? problem('not_found', 'There is no such workspace.') : ok(Object.assign(found, { archived_at: new Date().toISOString() }));
  },
  'POST /api/v1/workspaces/{workspace_id}/restore': ({ world: { tenancy }, params }) => {
    const found = tenancy.workspaces.find(({ id }) => id === params['workspace_id']);
    return found === undefined ? problem('not_found', 'There is no such workspace.') : ok(Object.assign(found, { archived_at: null }));
  },
  'GET /api/v1/limits': ({ world: { tenancy } }) => ({ ...ok(tenancy.limits), headers: { etag: `"${tenancy.version}"` } }),
  'PUT /api/v1/limits': ({ world: { tenancy }, body }) => {
    const { quotas } = body as Schemas['NewLimits'];
    tenancy.version += 1;
    tenancy.limits = {
      set_by: idOf('principal', 'owner'), set_at: new Date().toISOString(),
      quotas: tenancy.limits.quotas.map((quota) => ({ ...quota, max: quotas.find(({ name, workspace_id = null }) => name === quota.name && workspace_id === quota.workspace_id)?.max ?? null })),
    };
    return { ...ok(tenancy.limits), headers: { etag: `"${tenancy.version}"` } };
  },
};
