import { readFileSync } from 'node:fs';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { digestOf, idOf } from './ids.ts';
import { BUNDLE } from './runs.ts';

type Schemas = components['schemas'];
type Overview = Schemas['PolicyOverview'];

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const ENVIRONMENTS = ['dev', 'staging', 'prod'].map((name, place) => ({ environment_id: idOf('environment', name), environment: name, ordinal: place + 1 }));
export const LAYERS = { tenant: 'tenant', workspace: idOf('workspace', 'it') };

/** A real pack's sources, so that the editor has something true to show. */
const SOURCE = readFileSync(new URL('../../../policies/packs/engineering/engineering.rego', import.meta.url), 'utf8').replaceAll('countersign.packs.engineering', 'countersign.tenant').replaceAll('"engineering/', '"tenant/');
const TEST = 'package countersign.tenant_test\n\nimport data.countersign.tenant\n\ntest_reads_are_allowed if {\n\tsome verdict in tenant.verdicts with input as {"action": {"connector": "github", "risk": "read"}}\n\tverdict.outcome == "ALLOW"\n}\n';

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

export function versionOf(layer: string, version: number): Schemas['PolicyVersion'] {
  return {
    layer, version, digest: digestOf(`${layer} ${version}`), packs: layer === 'tenant' ? ['itsm', 'engineering'] : null, message: VERSION_MESSAGES[version - 1] ?? `Version ${version}`,
    draft_id: idOf('policy_draft', `${layer} ${version}`), published_by: idOf('principal', 'author'), published_at: ago((4 - version) * 26 * HOUR_MS),
    files: { 'tenant.rego': version === 3 ? SOURCE : SOURCE.replace('least_confidence := 0.5', `least_confidence := 0.${version + 2}`), 'tenant_test.rego': TEST }, data: { keep: { 'servicenow/incident.update': ['/category'] } },
  };
}
const VERSION_MESSAGES = ['Reads of repositories are allowed, writes take an approver', 'Labels below 40 % are not proposed', 'Labels below 50 % are not proposed: 40 % was wrong half of the time'];

export function versionSummary(layer: string, version: number): Schemas['PolicyVersionSummary'] {
  const { files: _files, data: _data, ...summary } = versionOf(layer, version);
  return summary;
}

type Release = Schemas['PolicyRelease'];

/** Releases, newest first: dev is ahead of prod, prod has one in shadow and one that the gate holds back. */
export function releases(): Release[] {
  return [
    release('prod', 3, { state: 'blocked', kind: 'promote', reason: 'What dev and staging have run for a day', released_at: null, bundle: null, gate: gateReport(), stack: { packs: ['itsm', 'engineering'], tenant: 3, workspace: 1, environment: null } }),
    release('prod', 1, { mode: 'shadow', reason: 'See what asking for a person at night would mean', stack: { packs: ['itsm', 'engineering'], tenant: 3, workspace: null, environment: null } }),
    release('dev', 4, { reason: 'Labels below 50 % are not proposed', stack: { packs: ['itsm', 'engineering'], tenant: 3, workspace: 1, environment: null } }),
    release('staging', 2, { kind: 'promote', reason: 'What dev has run for a day', stack: { packs: ['itsm', 'engineering'], tenant: 3, workspace: 1, environment: null } }),
    release('prod', 2, { reason: 'Labels below 40 % are not proposed', stack: { packs: ['itsm', 'engineering'], tenant: 2, workspace: null, environment: null } }),
    release('prod', 1, { state: 'superseded', reason: 'The first version', ended_at: ago(30 * HOUR_MS), ended_by: idOf('principal', 'owner'), stack: { packs: ['itsm', 'engineering'], tenant: 1, workspace: null, environment: null } }),
  ];
}

function release(environment: string, number: number, parts: Partial<Release>): Release {
  const mode = parts.mode ?? 'enforce';
  const id = idOf('policy_release', `${environment} ${mode} ${number}`);
  const stack = parts.stack ?? { packs: ['itsm'], tenant: 1, workspace: null, environment: null };
  return {
    id, environment_id: idOf('environment', environment), environment, mode, number, kind: 'release', layer: 'tenant', version: stack.tenant, from_release_id: null, stack, stack_digest: digestOf(JSON.stringify(stack)), state: 'released',
    reason: '', requested_by: idOf('principal', parts.state === 'blocked' ? 'author' : 'owner'), requested_at: ago(number * HOUR_MS), released_at: ago(number * HOUR_MS), ended_by: null, ended_at: null, replay_id: parts.state === 'blocked' ? idOf('policy_replay', 'one') : null, overridden_by: null,
    bundle: { scope: idOf('environment', environment), seq: BUNDLE.seq, revision: BUNDLE.revision, digest: digestOf('bundle 14'), signed_at: ago(number * HOUR_MS), expires_at: ago(number * HOUR_MS - 15 * MINUTE_MS) },
    diff: [{ path: 'tenant/tenant.rego', before: versionOf('tenant', 2).files['tenant.rego'] ?? '', after: SOURCE }, { path: 'workspace/workspace.rego', before: null, after: 'package countersign.workspace\n' }], gate: null, override_reason: null, withdraw_reason: null, ...parts,
  };
}

export function summaryOfRelease(one: Release): Schemas['PolicyReleaseSummary'] {
  const { bundle: _bundle, diff: _diff, gate: _gate, override_reason: _override, withdraw_reason: _withdraw, ...summary } = one;
  return summary;
}

const LIMITS: Schemas['PolicyGateLimits'] = { enabled: true, max_replay_age_s: 86_400, min_decisions: 1_000, max_changed_share: 0.05, max_newly_denied_runs: 0, max_extra_approval_minutes: 120 };

function gateReport(): NonNullable<Release['gate']> {
  return {
    passed: false, limits: LIMITS, figures: { decisions: 12_480, changed: 312, undecided: 0, newly_denied_runs: 4, extra_approvals: 37, extra_approval_minutes: 58.5 },
    exceeded: [{ field: '/max_newly_denied_runs', code: 'exceeded', message: '4 runs would have been denied; the gate allows none.' }],
  };
}

export function overview(opa: boolean): Overview {
  const all = releases().map(summaryOfRelease);
  return {
    layers: [
      { layer: LAYERS.tenant, kind: 'tenant', name: 'acme', newest: versionSummary('tenant', 3) },
      { layer: LAYERS.workspace, kind: 'workspace', name: 'it-operations', newest: { ...versionSummary(LAYERS.workspace, 1), packs: null } },
      ...ENVIRONMENTS.map(({ environment_id, environment }) => ({ layer: environment_id, kind: 'environment' as const, name: environment, newest: null })),
    ],
    environments: ENVIRONMENTS.map((environment) => ({
      ...environment,
      enforce: all.find((one) => one.environment === environment.environment && one.mode === 'enforce' && one.state === 'released') ?? null,
      shadow: all.find((one) => one.environment === environment.environment && one.mode === 'shadow' && one.state === 'released') ?? null,
      blocked: all.filter((one) => one.environment === environment.environment && one.state === 'blocked'),
      gate: { ...LIMITS, enabled: environment.environment === 'prod', environment_id: environment.environment_id, environment: environment.environment, set_by: idOf('principal', 'owner'), set_at: ago(90 * HOUR_MS) },
    })),
    packs: ['engineering', 'itsm', 'secops'], default_packs: ['itsm', 'engineering'],
    opa: opa ? { available: true, version: '1.22.0', how_to_get_it: null } : { available: false, version: null, how_to_get_it: 'Run npm run setup:opa on the machine of the control plane.' },
  };
}

/** The bundle of each environment, and the shadow of prod. `stale`: that of prod was not renewed. */
export function statuses(stale: boolean): Schemas['PolicyStatus'][] {
  const shadow = releases().find(({ mode }) => mode === 'shadow');
  const status = (environment: (typeof ENVIRONMENTS)[number], mode: Schemas['PolicyMode'], age_ms: number): Schemas['PolicyStatus'] => {
    const released = mode === 'shadow' ? shadow : releases().find((one) => one.environment === environment.environment && one.mode === 'enforce' && one.state === 'released');
    return {
      environment_id: environment.environment_id, environment: environment.environment, workspace_id: LAYERS.workspace, workspace: 'it-operations', mode,
      release: released === undefined ? null : { id: released.id, number: released.number }, layers: released?.stack ?? { packs: ['itsm', 'engineering'], tenant: null, workspace: null, environment: null },
      scope: mode === 'shadow' ? `${environment.environment_id}.shadow` : environment.environment_id, revision: BUNDLE.revision, seq: BUNDLE.seq, digest: digestOf(`bundle ${environment.environment} ${mode}`), signed_at: ago(age_ms), expires_at: ago(age_ms - 15 * MINUTE_MS), stale: age_ms > 15 * MINUTE_MS,
    };
  };
  return ENVIRONMENTS.flatMap((environment, place) => [
    status(environment, 'enforce', stale && environment.environment === 'prod' ? 3 * HOUR_MS : [74_000, 11.5 * MINUTE_MS, 4 * MINUTE_MS][place] ?? 0),
    ...(environment.environment === 'prod' ? [status(environment, 'shadow', 2 * MINUTE_MS)] : []),
  ]);
}

/** What a worker says it decides by: fresh in dev and prod; in staging its refreshes fail. */
export function workerPolicies(): Schemas['WorkerPolicy'][] {
  return ENVIRONMENTS.map(({ environment_id, environment }) => ({
    environment_id, mode: 'enforce', state: 'fresh', revision: BUNDLE.revision, seq: environment === 'staging' ? BUNDLE.seq - 1 : BUNDLE.seq, digest: digestOf(`bundle ${environment} enforce`), confirmed_at: ago(environment === 'staging' ? 11.5 * MINUTE_MS : 42_000), expires_at: ago(environment === 'staging' ? -3.5 * MINUTE_MS : 42_000 - 15 * MINUTE_MS), ttl_s: 900,
    refreshes: { succeeded: 31, failed: environment === 'staging' ? 4 : 0 }, last_failure: environment === 'staging' ? { at: ago(50_000), code: 'unavailable', message: 'The control plane did not answer.' } : null,
  }));
}

/** A draft as the compiler would answer it: sources that hold `acton` have a misspelt field, others are valid. */
export function draftOf(layer: string, body: Schemas['NewPolicyDraft']): Schemas['PolicyDraft'] {
  const kind = layer === 'tenant' ? 'tenant' : layer.startsWith('wsp') ? 'workspace' : 'environment';
  const at = (needle: string): { file: string; line: number; column: number; text: string } | null => {
    for (const [file, text] of Object.entries(body.files)) {
      const line = text.split('\n').findIndex((one) => one.includes(needle));
      if (line >= 0) return { file: `${kind}/${file}`, line: line + 1, column: (text.split('\n')[line] ?? '').indexOf(needle) + 1, text: text.split('\n')[line] ?? '' };
    }
    return null;
  };
  const misspelt = at('input.acton');
  const unformatted = at('  # unformatted');
  const problems: Schemas['PolicyProblem'][] = [
    ...(misspelt === null ? [] : [{ code: 'rego_type_error', severity: 'error' as const, ...misspelt, message: 'undefined ref: input.acton', fix: 'The input has action, approvals, call and 13 more.' }]),
    ...(unformatted === null ? [] : [{ code: 'not_formatted', severity: 'warning' as const, ...unformatted, message: 'The file is formatted otherwise than opa fmt writes it' }]),
  ];
  const ok = misspelt === null;
  const rules = Object.keys(body.files).find((file) => !file.endsWith('_test.rego')) ?? 'tenant.rego';
  return {
    id: idOf('policy_draft', JSON.stringify(body)), layer, environment_id: body.environment_id ?? ENVIRONMENTS[0]!.environment_id, valid: ok, digest: digestOf(JSON.stringify(body)), stack_digest: digestOf(`stack ${JSON.stringify(body)}`),
    packs: body.packs ?? null, errors: ok ? 0 : 1, warnings: problems.length - (ok ? 0 : 1), created_by: idOf('principal', 'owner'), created_at: new Date().toISOString(), files: body.files, data: body.data ?? {},
    report: {
      ok, problems, formatted: unformatted === null ? {} : { [unformatted.file]: (body.files[unformatted.file.slice(kind.length + 1)] ?? '').replace('  # unformatted', '') },
      tests: ok ? [{ name: 'test_reads_are_allowed', file: `${kind}/tenant_test.rego`, passed: true, duration_us: 412 }] : [], coverage: ok ? { percent: 71.4, files: { [`${kind}/${rules}`]: { covered: [[20, 30]], not_covered: [[32, 47]] } } } : null,
      rules: {}, reads: [], opa_version: '1.22.0', took_ms: 640,
    },
  };
}

export function draftSummary(draft: Schemas['PolicyDraft']): Schemas['PolicyDraftSummary'] {
  const { files: _files, data: _data, report: _report, ...summary } = draft;
  return summary;
}
