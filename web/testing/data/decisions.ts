import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { digestOf, hexOf, idOf } from './ids.ts';
import { ENVIRONMENTS, LAYERS, versionOf } from './policy.ts';
import { BUNDLE, type Run } from './runs.ts';

type Schemas = components['schemas'];
type Record_ = Schemas['DecisionRecord'];

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** The decisions of the given runs as the log has them, newest first. A shadow would have asked a second person about writes. */
export function decisionLog(runs: readonly Run[]): Record_[] {
  return runs.flatMap((run) => run.decisions.map((decision): Record_ => {
    const differs = decision.outcome === 'REQUIRE_HITL';
    const stale = decision.outcome === 'DENY';
    const [rule] = decision.reasons;
    return {
      id: decision.id, run_id: run.id, step_id: decision.step_id, call_key: decision.call_key, environment: run.environment, workflow: run.workflow_name, action: decision.action, outcome: decision.outcome, rules: decision.reasons.map((reason) => reason.rule),
      bundle_revision: stale ? null : decision.bundle_revision, bundle_seq: stale ? null : decision.bundle_seq, differs, evaluated_us: decision.evaluated_us, decided_at: decision.decided_at,
      environment_id: ENVIRONMENTS[2]!.environment_id, workspace_id: LAYERS.workspace, principal_id: 'workflow:incident-triage', instance_id: idOf('connector_instance', 'servicenow'), approval_id: null, path: 'countersign/decision',
      reasons: decision.reasons, obligations: obligationsOf(decision.outcome), action_digest: decision.action_digest, input_digest: decision.input_digest,
      bundle: stale ? null : { revision: BUNDLE.revision, seq: BUNDLE.seq, digest: digestOf('bundle 14'), age_ms: 74_000, expires_at: ago(-13 * MINUTE_MS) },
      masked_input: { action: { connector: 'servicenow', name: decision.action.split('/')[1], risk: differs ? 'write' : 'read' }, environment: { name: run.environment }, run: { workflow: run.workflow_name, workflow_version: 3, autonomy: 'supervised' }, time: decision.decided_at },
      erased: ['/input/parameters/work_note', '/input/parameters/short_description'], input_state: 'kept', adjusted: null, routed_from: null,
      shadows: differs ? [{ source: 'bundle', outcome: 'REQUIRE_HITL', reasons: [{ rule: 'tenant/two_people_at_night', message: 'At night two people approve what is written' }], obligations: { ...obligationsOf('REQUIRE_HITL'), required_votes: 2 }, bundle: { revision: 'shadow-1', seq: 4 }, differs: true }] : [],
      explain: stale
        ? { source: 'decision_point', message: 'The decision point denied by itself: policy could not be asked, or not be trusted.', reasons: [{ rule: rule?.rule ?? '', message: rule?.message ?? '', layer: 'decision_point', file: null, line: null, lines: [] }], unbound: [] }
        : { source: 'bundle', message: null, reasons: [explained(rule?.rule ?? '', rule?.message ?? '')], unbound: [] },
    };
  })).sort((one, other) => Date.parse(other.decided_at) - Date.parse(one.decided_at));
}

export function logEntry(record: Record_): Schemas['DecisionLogEntry'] {
  const { id, run_id, step_id, call_key, environment, workflow, action, outcome, rules, bundle_revision, bundle_seq, differs, evaluated_us, decided_at } = record;
  return { id, run_id, step_id, call_key, environment, workflow, action, outcome, rules, bundle_revision, bundle_seq, differs, evaluated_us, decided_at };
}

function obligationsOf(outcome: Schemas['Outcome']): { [key: string]: unknown } {
  return outcome === 'REQUIRE_HITL' ? { tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: DAY_MS, caps: { '/limit': 100 } } : {};
}

/** Lines of a real pack, as the bundle's own would be shown. */
function explained(rule: string, message: string): Schemas['ExplainedReason'] {
  const lines = (versionOf('tenant', 3).files['tenant.rego'] ?? '').split('\n');
  const first = lines.findIndex((text) => text.startsWith('verdicts contains'));
  return { rule, message, layer: rule.split('/')[0] ?? 'tenant', file: 'countersign/tenant/tenant.rego', line: first + 6, lines: lines.slice(first, first + 10).map((text, place) => ({ line: first + 1 + place, text })) };
}

export function shadowReadiness(log: readonly Record_[]): Schemas['ShadowReadiness'][] {
  const differing = log.filter(({ differs }) => differs);
  return ENVIRONMENTS.map(({ environment, environment_id }) => {
    const own = environment === 'prod';
    return {
      environment, environment_id, decisions: own ? log.length : 0, shadow_decisions: own ? log.length : 0, differing: own ? differing.length : 0, days_observed: own ? 6 : 0, first_shadow_at: own ? ago(6 * DAY_MS) : null, last_shadow_at: own ? ago(3 * MINUTE_MS) : null,
      groups: own && differing.length > 0 ? [{ source: 'bundle' as const, action: 'servicenow/incident.update', workflow: 'incident-triage', rule: 'tenant/two_people_at_night', from: 'REQUIRE_HITL' as const, to: 'REQUIRE_HITL' as const, count: differing.length, examples: differing.slice(0, 3).map(({ id }) => id) }] : [],
    };
  });
}

export function simulationOf(log: readonly Record_[], { subject }: Schemas['NewSimulation']): Schemas['Simulation'] | null {
  const recorded = log.find(({ id }) => id === subject.decision_id);
  if (subject.input === undefined && recorded === undefined) return null;
  const reasons = [{ rule: 'tenant/no_writes_out_of_hours', message: 'Nothing is written to a system of record at night' }];
  return {
    decision: { outcome: 'DENY', reasons, obligations: {} }, explain: { source: 'bundle', message: null, reasons: reasons.map(({ rule, message }) => explained(rule, message)), unbound: [] },
    policy: { environment_id: ENVIRONMENTS[2]!.environment_id, environment: 'prod', stack_digest: digestOf('stack'), revision: BUNDLE.revision },
    recorded: recorded === undefined ? null : { id: recorded.id, outcome: recorded.outcome, reasons: recorded.reasons, obligations: recorded.obligations, bundle_revision: recorded.bundle_revision, decided_at: recorded.decided_at },
    differs: recorded === undefined ? null : recorded.outcome !== 'DENY', input_digest: digestOf(JSON.stringify(subject)), evaluated_us: 63,
  };
}

/** One that runs, one that succeeded, one that failed. */
export function replays(log: readonly Record_[]): Schemas['PolicyReplay'][] {
  const base = (name: string, state: Schemas['PolicyReplay']['state'], parts: Partial<Schemas['PolicyReplay']>): Schemas['PolicyReplay'] => ({
    id: idOf('policy_replay', name), environment_id: ENVIRONMENTS[2]!.environment_id, environment: 'prod', against: { promote_to: ENVIRONMENTS[2]!.environment_id }, stack_digest: digestOf('stack'), revision: 'replayed-1', from: ago(7 * DAY_MS), to: ago(0), reason: 'Before it goes to prod',
    state, progress: 1, total: 12_480, done: 12_480, requested_by: idOf('principal', 'owner'), requested_at: ago(20 * MINUTE_MS), started_at: ago(20 * MINUTE_MS), finished_at: ago(19 * MINUTE_MS), error: null, report: null, ...parts,
  });
  const examples = log.slice(0, 3).map(({ id }) => id);
  return [
    base('running', 'running', { progress: 0.42, done: 5_242, finished_at: null, requested_at: ago(30_000), started_at: ago(29_000) }),
    base('one', 'succeeded', {
      report: {
        figures: { replayed: 12_480, unchanged: 12_108, changed: 312, changed_obligations: 60, newly_denied: 9, newly_denied_runs: 4, newly_denied_runs_cost_usd: '0.001648000', no_longer_denied: 0, no_longer_denied_runs: 0, extra_approvals: 37, extra_votes: 37, extra_person_minutes: 58.5, approvals_no_longer_needed: 2, votes_no_longer_needed: 2, person_minutes_no_longer_needed: 3.2 },
        not_replayed: { shredded: 210, not_kept: 0, not_by_policy: 3, input_outdated: 0, facts_missing: 0, failed: 1 },
        groups: [
          { action: 'servicenow/incident.update', workflow: 'incident-triage', rule: 'tenant/two_people_at_night', from: 'ALLOW', to: 'REQUIRE_HITL', count: 303, runs: 287, examples },
          { action: 'servicenow/incident.update', workflow: 'incident-triage', rule: 'tenant/no_writes_out_of_hours', from: 'REQUIRE_HITL', to: 'DENY', count: 9, runs: 4, examples: examples.slice(0, 1) },
        ],
        decision_times: [{ tier: null, median_ms: 95_000, votes: 212 }], took_ms: 7_400,
      },
    }),
    base('failed', 'failed', { error: { code: 'policy_error', message: 'The policy could not be compiled.' }, requested_at: ago(2 * DAY_MS) }),
  ];
}

export function killSwitches(active: boolean): Schemas['KillSwitch'][] {
  const released: Schemas['KillSwitch'] = { id: idOf('kill_switch', 'before'), scope: 'workflow', target_id: idOf('workflow', 'incident-triage'), target_name: 'incident-triage', reason: 'It assigned to a group that was dissolved', set_by: idOf('principal', 'owner'), set_at: ago(3 * DAY_MS), released_by: idOf('principal', 'owner'), release_reason: 'The group is out of the list', released_at: ago(2.9 * DAY_MS), recovered_at: ago(2.9 * DAY_MS) };
  return active ? [{ ...released, id: idOf('kill_switch', 'now'), scope: 'environment', target_id: ENVIRONMENTS[2]!.environment_id, target_name: 'prod', reason: 'The desk’s records are being moved', set_at: ago(4 * MINUTE_MS), released_by: null, release_reason: null, released_at: null, recovered_at: null }, released] : [released];
}

/** One that lets go in stages, in the first of two. */
export function recoveringKillSwitch(): Schemas['KillSwitch'] {
  return {
    id: idOf('kill_switch', 'recovering'), scope: 'workflow', target_id: idOf('workflow', 'classifier-training'), target_name: 'classifier-training', reason: 'It trained on the wrong queue', set_by: idOf('principal', 'owner'), set_at: ago(30 * MINUTE_MS), released_by: idOf('principal', 'owner'),
    release_reason: 'The queue is right again', released_at: ago(MINUTE_MS), recovery: [{ share: 0.1, for_ms: 300_000 }, { share: 0.5, for_ms: 600_000 }], recovery_stage: 0, stage_began_at: ago(MINUTE_MS), share: 0.1, recovered_at: null,
  };
}

export function newKillSwitch({ scope, id, reason }: Schemas['NewKillSwitch']): Schemas['KillSwitch'] {
  return { id: idOf('kill_switch', hexOf(reason)), scope, target_id: id ?? idOf('tenant', 'acme'), target_name: scope === 'workflow' ? 'incident-triage' : scope, reason, set_by: idOf('principal', 'owner'), set_at: ago(0), released_by: null, release_reason: null, released_at: null };
}
