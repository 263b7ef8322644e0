import type { IdKind } from '@countersign/contracts/ids/prefixes.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';

/** What a parameter in a path names: an id of this kind, or plain text. */
const KINDS: Readonly<Record<string, IdKind>> = {
  run_id: 'run', view_id: 'saved_view', schedule_id: 'schedule', bulk_command_id: 'bulk_command', approval_id: 'approval', workflow_id: 'workflow', instance_id: 'connector_instance',
  draft_id: 'policy_draft', release_id: 'policy_release', environment_id: 'environment', decision_id: 'decision', replay_id: 'policy_replay', kill_switch_id: 'kill_switch',
  hold_id: 'legal_hold', request_id: 'erasure_request', workspace_id: 'workspace', tenant_id: 'tenant', session_id: 'session', role_id: 'custom_role', group_id: 'group',
  key_id: 'api_key', client_id: 'oauth_client', federation_id: 'federation', principal_id: 'principal', invitation_id: 'invitation', passkey_id: 'passkey',
  provider_id: 'identity_provider', change_id: 'change_request', grant_id: 'break_glass', credential_id: 'credential', sink_id: 'audit_sink', witness_id: 'witness',
  package_id: 'evidence_package', pool_id: 'agent_pool', token_id: 'enrolment_token', agent_id: 'agent', rollout_id: 'agent_rollout', scim_user_id: 'principal', scim_group_id: 'group',
};
const PLAIN: Readonly<Record<string, string>> = {
  version: '1', environment: 'prod', scope: 'x', layer: 'tenant', kid: 'x', connector: 'desk', instance: 'x', installation: 'T1', channel: 'C1', slack_user: 'U1',
  size: '1', tenant_slug: 'nobody', tenant: 'nobody',
};

/** A path of the contract with ids in it of things that are not there. @throws TypeError for a parameter that nobody has said the meaning of */
export function concretePath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const kind = KINDS[name];
    const value = kind === undefined ? PLAIN[name] : newId(kind);
    if (value === undefined) throw new TypeError(`testing/path-ids.ts does not know what {${name}} of ${path} names`);
    return value;
  });
}
