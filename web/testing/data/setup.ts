import { readFileSync } from 'node:fs';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ROLE_PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import { digestOf, idOf } from './ids.ts';
import { workerPolicies } from './policy.ts';
import { WORKFLOW_DIGEST } from './runs.ts';

type Schemas = components['schemas'];

const SOURCE = readFileSync(new URL('../../../workflows/incident-triage.yaml', import.meta.url), 'utf8');
const DAY_MS = 86_400_000;

/** Who is signed in, in one of two workspaces; null for the first. */
export function meOf(roles: Schemas['Role'][], workspaceId: string | null): Schemas['Me'] {
  const workspaces = [{ id: idOf('workspace', 'it'), slug: 'it-operations', name: 'IT operations', is_home: true, roles }, { id: idOf('workspace', 'hr'), slug: 'hr', name: 'HR service', is_home: false, roles }];
  const { id, slug, name } = workspaces.find((one) => one.id === workspaceId) ?? workspaces[0]!;
  return {
    principal: { id: idOf('principal', 'owner'), kind: 'person', display_name: 'Cell owner' },
    tenant: { id: idOf('tenant', 'acme'), slug: 'acme', name: 'Acme' },
    workspace: { id, slug, name },
    roles, auth_strength: 'link', permissions: [...new Set(roles.flatMap((role) => ROLE_PERMISSIONS[role]))],
    workspaces,
    auth: { method: 'link', provider_id: null, acr: null, amr: [], signed_in_at: new Date(Date.now() - 2_520_000).toISOString() },
  };
}

export function workflows(): Schemas['Workflow'][] {
  return [
    { id: idOf('workflow', 'incident-triage'), name: 'incident-triage', latest_version: 3, activations: [{ environment: 'staging', version: 3, enabled: true }, { environment: 'prod', version: 3, enabled: true }] },
    { id: idOf('workflow', 'classifier-training'), name: 'classifier-training', latest_version: 1, activations: [{ environment: 'prod', version: 1, enabled: false }] },
  ];
}

export function workflowVersion(name: string, version: number): Schemas['WorkflowVersion'] {
  // Older versions differ from the newest in one line, so that there is something to compare.
  const source = version === 3 ? SOURCE : SOURCE.replace('max_attempts: 40', `max_attempts: ${version * 10}`);
  return { workflow_id: idOf('workflow', name), name, version, digest: version === 3 ? WORKFLOW_DIGEST : digestOf(source), source, published_at: new Date(Date.now() - (4 - version) * DAY_MS).toISOString(), published_by: idOf('principal', 'owner') };
}

export function connectors(): Schemas['ConnectorVersion'][] {
  return ['servicenow', 'classifier', 'anthropic'].map((connector) => ({ connector, version: '1.0.0', manifest_digest: digestOf(connector), published_at: new Date(Date.now() - 3 * DAY_MS).toISOString() }));
}

type Instance = Schemas['Instance'];
const ANSWERS: Instance['health'] = { circuit: 'closed', last_failure_code: null, probe_at: null, blocked_until: null, window: null };

/** One that answers within a limit, one whose package has changed, and one that does not answer. */
export function instances(origin: string, sandboxUrl: string | null): Instance[] {
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const servicenow = sandboxUrl ?? 'https://example.service-now.com';
  const instance = (connector: string, changes: Partial<Instance>): Instance => ({
    id: idOf('connector_instance', connector), connector, connector_version: '1.0.0', name: connector, environment: 'prod', base_url: null, allowed_hosts: [], settings: {}, enabled: true,
    webhook_url: `${origin}/api/v1/ingest/${connector}/${connector}`, health: ANSWERS, package: packageOf(connector, 'current'), pool: null, ...changes,
  });
  return [
    instance('servicenow', { name: 'sandbox', base_url: servicenow, allowed_hosts: [new URL(servicenow).host], health: { ...ANSWERS, window: { limit: 100, count: 42, ends_at: at(1_800_000), source: 'peer' } } }),
    instance('servicenow', { id: idOf('connector_instance', 'servicenow-onprem'), name: 'servicenow-onprem', pool: { id: idOf('agent_pool', 'frankfurt'), name: 'frankfurt' } }),
    instance('classifier', { package: packageOf('classifier', 'changed') }),
    instance('anthropic', { name: 'models', base_url: 'https://api.anthropic.com', health: { ...ANSWERS, circuit: 'open', last_failure_code: 'http_529', probe_at: at(9_000) } }),
  ];
}

function packageOf(connector: string, state: 'current' | 'changed'): NonNullable<Instance['package']> {
  const pinned = { version: '1.0.0', manifest_digest: digestOf(connector), package_digest: digestOf(`${connector} code`) };
  const installed = state === 'current' ? pinned : { version: '1.1.0', manifest_digest: digestOf(`${connector} 1.1.0`), package_digest: digestOf(`${connector} code 1.1.0`) };
  const changes = [
    { kind: 'changed' as const, pointer: '/actions/train/risk', before: 'model', after: 'write', widens: true },
    { kind: 'added' as const, pointer: '/actions/generate/output/properties/tags', before: null, after: '{"type":"array"}', widens: false },
  ];
  return { state, etag: '"0123456789abcdef"', pinned, installed, approvable: state === 'current' ? null : installed, changes: state === 'current' ? [] : changes };
}

export function budget(): Schemas['Budget'] {
  const now = new Date();
  const ends = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  return {
    monthly_limit_usd: '50.000000000', run_limit_usd: '0.250000000', set_by: idOf('principal', 'owner'), set_at: now.toISOString(),
    month: { period: now.toISOString().slice(0, 7), ends_at: ends.toISOString(), spent_usd: '41.870000000', reserved_usd: '0.120000000', state: 'warning' },
  };
}

export function costReport(from: string, to: string, tickets: number): Schemas['CostReport'] {
  const total = (tickets * 0.000_412).toFixed(9);
  return {
    from, to, tickets, total_usd: total, usd_per_ticket: tickets === 0 ? null : '0.000412000',
    by_meter: tickets === 0 ? [] : [
      { meter: 'servicenow.request', quantity: String(tickets * 4), unit: 'request', amount_usd: (tickets * 0.0004).toFixed(9) },
      { meter: 'classifier.predict', quantity: String(tickets), unit: 'ticket', amount_usd: (tickets * 0.000_012).toFixed(9) },
    ],
    by_workflow: tickets === 0 ? [] : [{ workflow_name: 'incident-triage', tickets, amount_usd: total }],
  };
}

export function cellOf(sandboxUrl: string | null): Schemas['Cell'] {
  const now = new Date().toISOString();
  // The console shows its banner for this version.
  return { version: '0.1.0-stand-in', region: 'eu', cell: 'local', sandbox_url: sandboxUrl, workers: [{ id: 'worker-1', started_at: now, heartbeat_at: now, version: '0.1.0-stand-in', policy: workerPolicies() }] };
}
