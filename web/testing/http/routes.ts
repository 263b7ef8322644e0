import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { budget, cellOf, connectors, costReport, instances, workflows, workflowVersion } from '../data/setup.ts';
import { ok, page, problem, type Answer } from './answers.ts';
import { ACCESS_ROUTES } from './access-routes.ts';
import { AGENT_ROUTES } from './agent-routes.ts';
import { AUDIT_PEER_ROUTES } from './audit-peer-routes.ts';
import { AUDIT_ROUTES } from './audit-routes.ts';
import { CREDENTIAL_ROUTES } from './credential-routes.ts';
import { DEAD_LETTER_ROUTES } from './dead-letter-routes.ts';
import { DECISION_ROUTES } from './decision-routes.ts';
import { IDENTITY_PROVIDER_ROUTES } from './identity-provider-routes.ts';
import { KEY_ROUTES } from './key-routes.ts';
import { MACHINE_ROUTES } from './machine-routes.ts';
import { OPERATIONS_ROUTES } from './operations-routes.ts';
import { PEOPLE_ROUTES } from './people-routes.ts';
import { TENANCY_ROUTES } from './tenancy-routes.ts';
import { POLICY_ROUTES } from './policy-routes.ts';
import { PRIVACY_ROUTES } from './privacy-routes.ts';
import type { Handler, Question } from './question.ts';
import type { Run } from '../data/runs.ts';
import { summaryOf, type World } from './world.ts';

type Schemas = components['schemas'];

const REQUEST_ID = 'req_01kstandin0000000000000000';

/** The one that the mock takes. */
export const SLACK_NONCE = 'N'.repeat(43);
const SLACK_LINK_REQUEST = { installation: 'T1', installation_name: 'Acme', slack_user: 'U1', slack_name: 'alex', expires_at: new Date(Date.now() + 600_000).toISOString() };

function nonceOf(body: unknown): unknown {
  return (body as { nonce?: unknown }).nonce;
}

/** By method and path of the contract. */
export const ROUTES: Record<string, Handler> = {
  ...POLICY_ROUTES,
  ...DECISION_ROUTES,
  ...DEAD_LETTER_ROUTES,
  ...OPERATIONS_ROUTES,
  ...ACCESS_ROUTES,
  ...AGENT_ROUTES,
  ...AUDIT_ROUTES,
  ...AUDIT_PEER_ROUTES,
  ...CREDENTIAL_ROUTES,
  ...IDENTITY_PROVIDER_ROUTES,
  ...KEY_ROUTES,
  ...MACHINE_ROUTES,
  ...PEOPLE_ROUTES,
  ...TENANCY_ROUTES,
  ...PRIVACY_ROUTES,
  'GET /api/v1/cell': ({ world, sandboxUrl }) => ok(cellOf(world.scenario.sandbox ? sandboxUrl : null)),
  'GET /api/v1/runs': listRuns,
  'GET /api/v1/runs/{run_id}': ({ world, params }) => {
    const run = world.runs.find(({ id }) => id === params['run_id']);
    return run === undefined ? problem('not_found', `There is no run ${params['run_id']}.`) : ok({ ...run, approvals: world.approvals().filter(({ run_id }) => run_id === run.id) });
  },
  'POST /api/v1/runs/{run_id}/cancel': ({ world, params }) => {
    const not_stopped = (world.runs.find(({ id }) => id === params['run_id'])?.steps ?? []).filter(({ state }) => state === 'leased').map(({ key, state, uses }) => ({ step_key: key, state, action: uses }));
    const { status, body } = command(world, params['run_id'] ?? '', 'cancelling');
    return { status, body: { ...body as object, ...(status === 202 ? { not_stopped } : {}) } };
  },
  'POST /api/v1/runs/{run_id}/pause': ({ world, params, body }) => pause(world, params['run_id'] ?? '', (body as { reason: string }).reason),
  'POST /api/v1/runs/{run_id}/resume': ({ world, params }) => pause(world, params['run_id'] ?? '', null),
  'POST /api/v1/runs/{run_id}/redrive': ({ world, params }) => command(world, params['run_id'] ?? '', 'running'),
  'GET /api/v1/approvals': ({ world, query }) => {
    const states = statesIn(query);
    return page(world.approvals().filter(({ state }) => states.length === 0 || states.includes(state)), query);
  },
  'GET /api/v1/approvals/{approval_id}': ({ world, params }) => {
    const approval = world.approval(params['approval_id'] ?? '');
    return approval === undefined ? problem('not_found', 'There is no such approval.') : ok(approval);
  },
  'POST /api/v1/approvals/{approval_id}/votes': castVote,
  'POST /api/v1/slack/link-requests': ({ body }) => (nonceOf(body) === SLACK_NONCE ? ok(SLACK_LINK_REQUEST) : problem('slack_link_invalid', 'The link is unknown, used, or older than 10 minutes.')),
  'POST /api/v1/slack/links': ({ body }) => (nonceOf(body) === SLACK_NONCE
    ? { status: 201, body: { installation: 'T1', slack_user: 'U1', slack_name: 'alex', principal_id: idOf('principal', 'me'), display_name: 'A person', linked_at: new Date().toISOString() } }
    : problem('slack_link_invalid', 'The link is unknown, used, or older than 10 minutes.')),
  'GET /api/v1/workflows': () => ok({ items: workflows() }),
  'GET /api/v1/workflows/{workflow_id}/versions/{version}': ({ params }) => {
    const workflow = workflows().find(({ id }) => id === params['workflow_id']);
    return workflow === undefined ? problem('not_found', 'There is no such workflow.') : ok(workflowVersion(workflow.name, Number(params['version'])));
  },
  'GET /api/v1/connectors': () => ok({ items: connectors() }),
  'GET /api/v1/instances': ({ world, origin, sandboxUrl }) => ok({ items: instances(origin, world.scenario.sandbox ? sandboxUrl : null) }),
  'GET /api/v1/budgets': () => ok(budget()),
  'GET /api/v1/reports/cost-per-ticket': ({ world, query }) => ok(costReport(query.get('from') ?? new Date(0).toISOString(), query.get('to') ?? new Date().toISOString(), world.runs.length)),
};

function listRuns({ world, query }: Question): Answer {
  const states = statesIn(query);
  const q = (query.get('q') ?? '').toLowerCase();
  const found = world.runs.filter((run) => (states.length === 0 || states.includes(run.state)) && (`${run.id} ${run.subject_label}`.toLowerCase().includes(q))
    && fits(query.get('workflow'), run.workflow_name) && fits(query.get('environment'), run.environment) && (query.get('error_code') === null || run.error?.code === query.get('error_code'))
    && (query.get('from') === null || Date.parse(run.created_at) >= Date.parse(query.get('from') ?? '')) && (query.get('paused') !== 'true' || run.paused_at != null));
  const { body } = page(found.map(summaryOf), query);
  return ok({ ...body as object, searched_back_to: null });
}

function castVote({ world, params, body }: Question): Answer {
  world.votes.push(body);
  const approval = world.approval(params['approval_id'] ?? '');
  const { decision, action_digest, reason } = body as { decision: Schemas['NewVote']['decision']; action_digest: string; reason?: string };
  if (approval === undefined) return problem('not_found', 'There is no such approval.');
  if (approval.state !== 'pending') return problem('approval_already_decided', `It is ${approval.state} since ${approval.decided_at}.`);
  if (!approval.may_vote) return problem('approval_role_required', 'Voting takes the role approver.');
  if (action_digest !== approval.action_digest) return problem('approval_digest_stale', 'Your vote names another action than the one that waits.', { current_action_digest: approval.action_digest });
  if (decision !== 'approve' && reason === undefined) return problem('request_invalid', 'This needs a reason.', { errors: [{ field: '/reason', code: 'required', message: 'Say why' }] });
  world.decide(approval.id, decision, reason ?? null);
  return { status: 201, body: { approval: world.approval(approval.id), request_id: REQUEST_ID, audit_event_id: idOf('audit_event', approval.id) } };
}

function command(world: World, runId: string, state: Run['state']): Answer {
  if (!world.runs.some(({ id }) => id === runId)) return problem('not_found', 'There is no such run.');
  world.setRunState(runId, state);
  return { status: 202, body: { command_id: idOf('command', runId), request_id: REQUEST_ID } };
}

/** Pauses a run, or lets it go on where no reason for a pause is given. */
function pause(world: World, runId: string, reason: string | null): Answer {
  const run = world.runs.find(({ id }) => id === runId);
  if (run === undefined) return problem('not_found', 'There is no such run.');
  Object.assign(run, reason === null ? { paused_at: null, paused_by: null, pause_reason: null } : { paused_at: new Date().toISOString(), paused_by: idOf('principal', 'owner'), pause_reason: reason });
  return command(world, runId, run.state);
}

function statesIn(query: URLSearchParams): string[] {
  return (query.get('state') ?? '').split(',').filter((state) => state !== '');
}

function fits(wanted: string | null, value: unknown): boolean {
  return wanted === null || wanted === value;
}
