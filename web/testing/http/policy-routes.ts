import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from '../data/ids.ts';
import { draftOf, draftSummary, overview, releases, statuses, summaryOfRelease, versionOf, versionSummary } from '../data/policy.ts';
import { ok, page, problem, type Answer } from './answers.ts';
import type { Handler, Question } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about policy. Drafts are kept; nothing is compiled: a source that says `input.acton` is taken for misspelt. */
export const POLICY_ROUTES: Record<string, Handler> = {
  'GET /api/v1/policy': ({ world }) => ok({ items: statuses(world.scenario.stalePolicy) }),
  'GET /api/v1/policies': ({ world }) => ok(overview(world.scenario.opa)),
  'GET /api/v1/policies/{layer}/drafts': ({ world, query }) => page(world.drafts.map(draftSummary), query),
  'POST /api/v1/policies/{layer}/drafts': ({ world, params, body }) => {
    const draft = draftOf(params['layer'] ?? '', body as Schemas['NewPolicyDraft']);
    world.drafts.unshift(draft);
    return { status: 201, body: draft };
  },
  'GET /api/v1/policy-drafts/{draft_id}': ({ world, params }) => {
    const draft = world.drafts.find(({ id }) => id === params['draft_id']);
    return draft === undefined ? problem('not_found', 'There is no such draft.') : ok(draft);
  },
  'GET /api/v1/policies/{layer}/versions': ({ params, query }) => page((params['layer'] === 'tenant' ? [3, 2, 1] : []).map((version) => versionSummary('tenant', version)), query),
  'POST /api/v1/policies/{layer}/versions': publish,
  'GET /api/v1/policies/{layer}/versions/{version}': ({ world, params }) => ok(world.published.find(({ version }) => version === Number(params['version'])) ?? versionOf(params['layer'] ?? '', Number(params['version']))),
  'GET /api/v1/policy-releases': ({ query }) => page(releases().filter((one) => fits(query.get('environment_id'), one.environment_id) && fits(query.get('mode'), one.mode)).map(summaryOfRelease), query),
  'POST /api/v1/policy-releases': createRelease,
  'GET /api/v1/policy-releases/{release_id}': ({ params }) => {
    const found = releases().find(({ id }) => id === params['release_id']);
    return found === undefined ? problem('not_found', 'There is no such release.') : ok(found);
  },
  'GET /api/v1/policy-gates/{environment_id}': ({ params }) => gate(params),
  'PUT /api/v1/policy-gates/{environment_id}': ({ params, body }) => {
    const before = gate(params);
    return before.status === 200 ? ok({ ...(before.body as Schemas['PolicyGate']), ...(body as Schemas['PolicyGateLimits']) }) : before;
  },
  'POST /api/v1/policy-releases/{release_id}/override': ({ params }) => ended(params, 'released'),
  'POST /api/v1/policy-releases/{release_id}/withdraw': ({ params }) => ended(params, 'withdrawn'),
};

function publish({ world, params, body }: Question): Answer {
  const { draft_id, message } = body as Schemas['NewPolicyVersion'];
  const draft = world.drafts.find(({ id }) => id === draft_id);
  if (draft === undefined || !draft.valid) return problem('policy_draft_unknown', 'There is no valid draft of that id.');
  const version = { ...versionOf(params['layer'] ?? '', 4), files: draft.files, data: draft.data, packs: draft.packs, message, draft_id, published_at: new Date().toISOString() };
  world.published.unshift(version);
  return { status: 201, body: version };
}

/** The gate of prod holds back what comes without a replay. */
function createRelease({ world, body }: Question): Answer {
  const wish = body as Schemas['NewPolicyRelease'];
  world.releaseWishes.push(wish);
  const gated = overview(true).environments.find(({ environment_id }) => environment_id === wish.environment_id)?.gate.enabled === true;
  if (gated && wish.mode !== 'shadow' && wish.replay_id === undefined && wish.kind !== 'rollback') {
    return problem('policy_gate_exceeded', 'The release exceeds the limits of the gate.', { release_id: releases()[0]?.id, errors: [{ field: 'max_newly_denied_runs', code: 'exceeded', message: '4 runs would have been denied; the gate allows none.' }] });
  }
  const made = releases().find(({ mode, state }) => mode === (wish.mode ?? 'enforce') && state === 'released');
  return { status: 201, body: { ...made, environment_id: wish.environment_id, reason: wish.reason, kind: wish.kind } };
}

function ended(params: Record<string, string>, state: Schemas['PolicyReleaseState']): Answer {
  const found = releases().find(({ id }) => id === params['release_id']);
  if (found === undefined) return problem('not_found', 'There is no such release.');
  return ok({ ...found, state, ...(state === 'released' ? { overridden_by: idOf('principal', 'owner'), override_reason: 'Looked at each of the runs' } : {}) });
}

function gate(params: Record<string, string>): Answer {
  const found = overview(true).environments.find(({ environment_id }) => environment_id === params['environment_id']);
  return found === undefined ? problem('not_found', 'There is no such environment.') : { ...ok(found.gate), headers: { etag: '"gate-1"' } };
}

function fits(wanted: string | null, value: unknown): boolean {
  return wanted === null || wanted === value;
}
