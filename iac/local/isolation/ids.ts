import { newId } from '@countersign/platform/ids/typeid.ts';
import type { IdKind } from '@countersign/contracts/ids/prefixes.ts';
import { ID_PREFIXES } from '@countersign/contracts/ids/prefixes.ts';
import type { PlantedIds } from './repository-planting.ts';

/** What an id of the API names: a table, or text that tenants have made up. A parameter that is in neither list fails the walk. */
const IN_PATHS: Readonly<Record<string, string>> = {
  run_id: 'execution.runs', view_id: 'control.saved_views', schedule_id: 'control.schedules', bulk_command_id: 'execution.bulk_commands', approval_id: 'control.approvals',
  workflow_id: 'control.workflows', instance_id: 'control.connector_instances', draft_id: 'control.policy_drafts', release_id: 'control.policy_releases', environment_id: 'control.environments',
  scope: 'control.environments', decision_id: 'execution.decisions', replay_id: 'control.policy_replays', kill_switch_id: 'control.kill_switches', hold_id: 'control.legal_holds', request_id: 'control.erasure_requests',
  workspace_id: 'control.workspaces', tenant_id: 'control.tenants', session_id: 'control.sessions', role_id: 'control.custom_roles', group_id: 'control.groups', key_id: 'control.api_keys', client_id: 'control.oauth_clients',
  federation_id: 'control.federations', principal_id: 'control.principals', invitation_id: 'control.invitations', passkey_id: 'control.passkeys', provider_id: 'control.identity_providers', change_id: 'control.change_requests',
  grant_id: 'control.break_glass_grants', credential_id: 'control.credentials', sink_id: 'control.audit_sinks', witness_id: 'control.witnesses', package_id: 'control.evidence_packages', kid: 'control.signing_keys',
  scim_user_id: 'control.principals', scim_group_id: 'control.groups', pool_id: 'control.agent_pools', token_id: 'control.agent_enrolment_tokens', agent_id: 'control.agents',
  rollout_id: 'control.agent_rollouts',
  installation: 'marker', channel: 'marker', slack_user: 'marker',
};

/** Parameters that name no thing of a tenant's, and what they may be. */
const PLAIN: Readonly<Record<string, string>> = { environment: 'prod', version: '1', layer: 'tenant', size: '1', connector: 'desk', tenant_slug: 'nobody' };

const IN_FIELDS: Readonly<Record<string, string>> = {
  tenant_id: 'control.tenants', workspace_id: 'control.workspaces', principal_id: 'control.principals', run_id: 'execution.runs', environment_id: 'control.environments', client_certificate_id: 'control.credentials', proxy_credential_id: 'control.credentials',
  credential_id: 'control.credentials', webhook_credential_id: 'control.credentials', shared_secret_credential_id: 'control.credentials', draft_id: 'control.policy_drafts', to_release_id: 'control.policy_releases',
  release_id: 'control.policy_releases', replay_id: 'control.policy_replays', decision_id: 'execution.decisions', ids: 'execution.runs', members: 'control.principals', target: 'execution.runs', id: 'control.environments',
  subject_id: 'execution.runs', provider_id: 'control.identity_providers', group_id: 'control.groups', attempt_id: 'control.sign_in_attempts', approval_id: 'control.approvals', grant_id: 'control.break_glass_grants', key_id: 'control.api_keys',
  pool_id: 'control.agent_pools',
};

/** Fields that name things of other systems. */
const NOT_OURS: readonly string[] = ['client_id', 'channel_id', 'team_id', 'external_id'];

const OF_OPERATION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  redriveDeadLetters: { ids: 'execution.steps' }, revokePublisher: { kid: 'marker' }, removeOauthClientKey: { kid: 'marker' },
};

export interface Whose {
  readonly ids: PlantedIds;
  readonly marker: string;
}

/** Nobody's: ids as good as those of tenants, of nothing that there is. */
export function nobodys(like: Whose): Whose {
  return { ids: new Map([...like.ids].map(([table, id]) => [table, another(id)])), marker: 'nobody-has-made-this-up' };
}

/** The value of a parameter in the path of an operation. @throws TypeError for one that nobody has said the meaning of */
export function inPath(operation: string, name: string, whose: Whose): string {
  const table = OF_OPERATION[operation]?.[name] ?? IN_PATHS[name];
  if (table !== undefined) return valueIn(table, whose);
  const plain = PLAIN[name];
  if (plain === undefined) throw new TypeError(`Nobody has said in ids.ts what {${name}} of ${operation} names: a table whose rows are planted, or plain text.`);
  return plain;
}

export function holdsIds(path: string): boolean {
  return [...path.matchAll(/\{(\w+)\}/g)].some(([, name]) => IN_PATHS[name ?? ''] !== undefined);
}

/** The value of a field of a query or body that holds an id; undefined for a field that holds none. @throws TypeError for one whose name says that it does, and nobody has said of what */
export function inField(operation: string, name: string, whose: Whose): string | undefined {
  const table = OF_OPERATION[operation]?.[name] ?? IN_FIELDS[name];
  if (table !== undefined) return valueIn(table, whose);
  if (/_ids?$/.test(name) && !NOT_OURS.includes(name)) throw new TypeError(`Nobody has said in ids.ts what the field ${name} of ${operation} names.`);
  return undefined;
}

function valueIn(table: string, { ids, marker }: Whose): string {
  return table === 'marker' ? marker : ids.get(table) ?? marker;
}

function another(id: string): string {
  const [prefix] = id.split('_');
  const kind = (Object.keys(ID_PREFIXES) as IdKind[]).find((one) => ID_PREFIXES[one] === prefix);
  return kind === undefined ? `${id.slice(0, -6)}000000` : newId(kind);
}
