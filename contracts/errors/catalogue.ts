/**
 * Every error that the API answers with, by its stable code. `docs/reference/errors.md` and the `ErrorCode` type come from this table,
 * and a test proves that all three agree. Over HTTP it is RFC 9457 `application/problem+json` with our `code`, `request_id` and `errors[]`.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  /** What the caller can do about it. */
  readonly fix: string;
}

export const ERROR_CATALOGUE = {
  // The request itself
  request_invalid: { status: 400, title: 'The request does not fit the contract', fix: 'See `errors`: each names the field and what it takes.' },
  json_invalid: { status: 400, title: 'The body is not acceptable JSON', fix: 'Send one JSON document in UTF-8, without NUL, duplicate keys or lone surrogates, at most 64 levels deep.' },
  body_too_large: { status: 413, title: 'The body is too large', fix: 'Send at most the number of bytes named in `detail`.' },
  media_type_unsupported: { status: 415, title: 'The media type is not supported', fix: 'Send the Content-Type named in `detail`.' },
  not_found: { status: 404, title: 'There is no such thing here', fix: 'Check the id, and that it belongs to your tenant and workspace.' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', fix: 'Use a method named in the Allow header.' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used for another request', fix: 'Use a new key for a new request.' },
  precondition_failed: { status: 412, title: 'It is not what you read any more', fix: 'Read it again and send the ETag that comes with it as If-Match.' },
  rate_limited: { status: 429, title: 'Too many requests', fix: 'Wait for the seconds in Retry-After.' },
  internal: { status: 500, title: 'Something went wrong on our side', fix: 'Try again; if it stays, give `request_id` to the operator.' },
  unavailable: { status: 503, title: 'Not available right now', fix: 'Try again after the seconds in Retry-After. Nothing was lost.' },

  // Who is asking
  unauthenticated: { status: 401, title: 'Not signed in', fix: 'Sign in, or send a valid API key as `Authorization: Bearer`.' },
  sign_in_link_invalid: { status: 401, title: 'The sign-in link is not valid', fix: 'Links work once and for 15 minutes. Get a new one with `npm run sign-in`.' },
  forbidden: { status: 403, title: 'Your role does not allow this', fix: 'Ask an admin of the workspace for the role named in `detail`.' },
  csrf_refused: { status: 403, title: 'The request did not come from the console', fix: 'Send the header `x-countersign-csrf: 1` from the console\'s own origin.' },

  // Webhooks
  webhook_unsigned: { status: 401, title: 'The webhook carries no signature', fix: 'Send what the connector signs with: webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks), or x-hub-signature-256; or the shared-secret header where the instance allows it.' },
  webhook_signature_invalid: { status: 401, title: 'The webhook signature does not match', fix: 'Sign the exact bytes that are sent with the instance\'s secret: `id.timestamp.body` for Standard Webhooks, the body alone for x-hub-signature-256.' },
  webhook_timestamp_outside_window: { status: 401, title: 'The webhook timestamp is outside the window', fix: 'Send within 5 minutes, by a clock that is right.' },
  webhook_replayed: { status: 409, title: 'A webhook with this id was already received with another body', fix: 'Use a new id for each event.' },
  webhook_payload_invalid: { status: 422, title: 'The webhook payload does not fit the trigger', fix: 'See `errors`; the trigger in the connector\'s manifest has the right shape.' },
  instance_unknown: { status: 404, title: 'There is no such connector instance', fix: 'Check the URL that the console shows for the instance.' },
  instance_disabled: { status: 409, title: 'The connector instance is disabled', fix: 'Enable it, then send again.' },

  // Workflows and connectors
  workflow_invalid: { status: 422, title: 'The workflow is not valid', fix: 'See `errors`: each names the line, the key and the fix.' },
  workflow_not_active: { status: 409, title: 'The workflow is not active there', fix: 'Activate a version of it in that environment, or name another environment.' },
  workflow_not_published: { status: 409, title: 'The workflow version is not published', fix: 'Publish it first.' },
  manifest_invalid: { status: 422, title: 'The connector manifest is not valid', fix: 'See `errors`: each names the key and what it takes.' },
  connector_version_changed: { status: 409, title: 'This connector version is published with other content', fix: 'Raise the version: published versions never change.' },
  package_invalid: { status: 422, title: 'The connector package is not valid', fix: 'See `detail`. Make it with `countersign connector pack`, and publish what that wrote.' },
  package_signature_invalid: { status: 422, title: 'The package\'s signature does not hold', fix: 'Pack it again with the publisher\'s key, and publish what that wrote unchanged.' },
  publisher_untrusted: { status: 422, title: 'The package is signed by nobody who is trusted here', fix: 'An admin trusts the publisher\'s key first: `countersign connector trust KEY --name NAME`.' },
  package_digest_stale: { status: 409, title: 'The package is not the one you saw', fix: 'Read the instance again: its `package` says what could be approved now.' },
  instance_package_changed: { status: 412, title: 'The instance was given another package meanwhile', fix: 'Read the instance again, and approve what you then see.' },
  connector_unknown: { status: 422, title: 'There is no such connector version', fix: 'Publish the connector\'s manifest first.' },
  credential_unknown: { status: 422, title: 'There is no such credential', fix: 'Store the credential first, and name it by its `cred_` id.' },
  name_taken: { status: 409, title: 'The name is taken', fix: 'Choose another name.' },

  // Runs
  run_not_cancellable: { status: 409, title: 'The run has already ended', fix: 'Nothing to do: see its state.' },
  run_not_redrivable: { status: 409, title: 'The run has no dead or failed step', fix: 'Only dead or failed steps can be redriven.' },
  run_not_pausable: { status: 409, title: 'The run cannot be paused', fix: 'Nothing to do: it is paused already, or ends without being paused.' },
  schedule_already_paused: { status: 409, title: 'The schedule is paused already', fix: 'Nothing to do: see who paused it and why.' },
  schedule_not_paused: { status: 409, title: 'The schedule is not paused', fix: 'Nothing to do: it runs when it is due.' },
  run_not_paused: { status: 409, title: 'The run is not paused', fix: 'Nothing to do: see its state.' },
  selection_empty: { status: 409, title: 'Nothing is selected', fix: 'Widen the filter, or check the ids: `GET /api/v1/dead-letters` and `GET /api/v1/runs` show what there is.' },
  selection_too_large: { status: 422, title: 'Too much is selected', fix: 'Narrow the filter and ask more than once.' },
  evidence_not_ready: { status: 409, title: 'The evidence is not there yet', fix: 'It is built when the run has ended and its audit events are sealed. Ask again after the seconds in Retry-After.' },

  // Approvals
  approval_digest_stale: { status: 409, title: 'The action is not the one you saw', fix: 'Read the approval again: `current_action_digest` names what would run now.' },
  approval_already_decided: { status: 409, title: 'The approval is already decided', fix: 'Nothing to do: see who decided and when.' },
  approval_expired: { status: 409, title: 'The approval has expired', fix: 'Expiry denies. Start the run again to ask anew.' },
  approval_own_request: { status: 403, title: 'Nobody approves what they requested', fix: 'Ask another person with the role.' },
  approval_role_required: { status: 403, title: 'Your role may not vote on this', fix: 'Ask a person with the role named in `detail`.' },
  vote_already_cast: { status: 409, title: 'You have already voted', fix: 'One vote per person: see the approval for what is still needed.' },

  approval_stronger_sign_in_required: { status: 403, title: 'This needs a stronger sign-in', fix: 'Sign in to the console in the way that `detail` names, and vote there.' },
  approval_fresh_sign_in_required: { status: 403, title: 'This needs a fresh sign-in', fix: 'Sign out of the console, sign in again with a new link, and vote within the time that `detail` names.' },

  // Slack
  slack_not_configured: { status: 409, title: 'Slack is not configured', fix: 'An admin configures the Slack app first: PUT /api/v1/slack/app.' },
  slack_installation_unknown: { status: 422, title: 'The app is not installed there', fix: 'Install it in that Slack workspace first.' },
  slack_api_url_not_allowed: { status: 422, title: 'This is not the address of Slack', fix: 'Leave `api_url` out. Stand-ins are for cells that were started to allow them.' },
  slack_refused: { status: 422, title: 'Slack refused the request', fix: 'See `detail` for the error that Slack gave.' },
  slack_unreachable: { status: 503, title: 'Slack cannot be reached', fix: 'Try again later. Nothing was lost.' },
  slack_request_unsigned: { status: 401, title: 'The request carries no Slack signature', fix: 'Requests to this path come from Slack, with x-slack-signature and x-slack-request-timestamp.' },
  slack_signature_invalid: { status: 401, title: 'The Slack signature does not match', fix: 'Check the signing secret of the configured Slack app.' },
  slack_timestamp_outside_window: { status: 401, title: 'The request\'s timestamp is outside the window', fix: 'Send within 5 minutes, by a clock that is right.' },
  slack_replayed: { status: 409, title: 'This request was already received', fix: 'Nothing to do: each signed request counts once.' },
  slack_state_invalid: { status: 400, title: 'The installation was not begun here', fix: 'Begin it again in the same browser: GET /api/v1/slack/install. A state is good once and for 10 minutes.' },
  slack_link_invalid: { status: 404, title: 'The link is not valid', fix: 'Links work once, for 10 minutes and for one tenant. Get a new one in Slack with `/countersign link`.' },
  slack_link_taken: { status: 409, title: 'The Slack user is linked to somebody else', fix: 'Remove that link first: its owner or an admin can.' },

  // Policy
  opa_unavailable: { status: 503, title: 'Policy cannot be compiled here: OPA is missing', fix: 'Run `npm run setup:opa` on the machine of the control plane, or put opa on its PATH, and send it again. What is released goes on deciding.' },
  policy_compiler_busy: { status: 503, title: 'The policy compiler has enough to do', fix: 'Send it again after the seconds in Retry-After. Nothing was stored.' },
  policy_invalid: { status: 422, title: 'The policy is not valid', fix: 'See `errors`: each names the file, the line and what is wrong.' },
  policy_pack_unknown: { status: 422, title: 'There is no such pack', fix: 'Use packs that `GET /api/v1/policies` names.' },
  policy_draft_unknown: { status: 422, title: 'There is no such draft of this layer', fix: 'Make the draft first, and name it by its `pdr_` id.' },
  policy_version_unknown: { status: 422, title: 'There is no such version of the layer', fix: 'Publish it first: `GET /api/v1/policies/{layer}/versions` lists what there is.' },
  policy_environment_unknown: { status: 422, title: 'There is no such environment of the layer', fix: 'Name an environment of this workspace by its `env_` id.' },
  policy_not_promoted: { status: 409, title: 'The environment before it has not run this version', fix: 'Release it in the environment that `detail` names first, then promote.' },
  policy_release_unchanged: { status: 409, title: 'This is in force already', fix: 'Nothing to do: the release that `detail` names has the same versions and packs.' },
  policy_release_raced: { status: 409, title: 'Somebody else has released meanwhile', fix: 'Look at what is in force now, and release again on top of it.' },
  policy_release_state: { status: 409, title: 'The release is not in a state for this', fix: 'See its `state`: only blocked releases are overridden; only blocked and shadow releases are withdrawn.' },
  policy_replay_required: { status: 409, title: 'The gate of the environment asks for a replay', fix: 'Replay exactly what is to be released over the recorded history, and name the finished replay as `replay_id`.' },
  policy_gate_exceeded: { status: 409, title: 'The release exceeds the limits of the gate', fix: 'See `errors` for the figures. Change the policy, or have another person with the role approver or admin override the gate of `release_id`.' },
  policy_own_release: { status: 403, title: 'Nobody overrides the gate for their own release', fix: 'Ask another person with the role approver or admin.' },
  key_rotation_under_way: { status: 409, title: 'The key before is still needed to verify', fix: 'Rotate again once it is retired: `GET /api/v1/keys` says when.' },
  policy_reference_invalid: { status: 422, title: 'It does not name one policy', fix: 'Send exactly one of: draft_id; layer with version and environment_id; release_id; environment_id.' },
  policy_input_invalid: { status: 422, title: 'The input is not what policy is asked', fix: 'See `errors`: each names the field. contracts/policy/input.schema.json describes them all.' },
  decision_input_shredded: { status: 409, title: 'What policy was asked is not kept any more', fix: 'Its retention is over. Simulate a later decision, or send an input.' },
  decision_input_not_kept: { status: 409, title: 'What policy was asked was not recorded', fix: 'Simulate another decision, or send an input.' },
  simulation_failed: { status: 422, title: 'The policy gave no decision', fix: 'See `detail`. In force it would deny this call.' },
  simulations_busy: { status: 503, title: 'Too many simulations at once', fix: 'Send it again after the seconds in Retry-After.' },
  replay_already_ended: { status: 409, title: 'The replay has already ended', fix: 'Nothing to do: see its state.' },
  kill_switch_target_unknown: { status: 422, title: 'There is nothing with this id to stop', fix: 'Name a workspace, environment or workflow of yours by its id.' },
  kill_switch_already_set: { status: 409, title: 'It is stopped already', fix: 'Nothing to do: see the active kill switches.' },
  kill_switch_already_released: { status: 409, title: 'The kill switch was released already', fix: 'Nothing to do: see who released it and why.' },
  policy_bundle_missing: { status: 404, title: 'There is no policy bundle', fix: 'Publish one: without a bundle everything is denied.' },

  // Tenants, identities, secrets, audit and evidence
  authorization_unavailable: { status: 503, title: 'Nobody could decide whether you may', fix: 'Try again after the seconds in Retry-After; if it stays, the operator looks at the policy engine.' },
  scope_missing: { status: 403, title: 'The key or token is not for this', fix: 'Use one whose scopes hold the permission named in `detail`.' },
  step_up_required: { status: 403, title: 'This asks for a stronger or fresher sign-in', fix: 'Sign in again as `detail` says, then repeat it.' },
  second_person_required: { status: 409, title: 'A second person has to agree', fix: 'It waits as the change request named in `change_request_id`: somebody else approves it there.' },
  quota_exceeded: { status: 429, title: 'A quota is used up', fix: 'See `detail` for which; raise it, or wait where it says so.' },
  tenant_elsewhere: { status: 421, title: 'The tenant is served by another cell', fix: 'Send the request to `cell_url`.' },
  workspace_archived: { status: 409, title: 'The workspace is archived', fix: 'Name another one in `countersign-workspace`, or have an admin restore it in the home workspace.' },
  workspace_in_use: { status: 409, title: 'The workspace is still in use', fix: 'See `detail` for what has to end first.' },
  tenant_suspended: { status: 403, title: 'The tenant is not served at the moment', fix: 'Ask whoever runs the cell.' },
  tenant_slug_taken: { status: 409, title: 'The slug is taken', fix: 'Choose another slug.' },
  tenant_state: { status: 409, title: 'The tenant is in a state that nobody changes by hand', fix: 'See its `state`: a move or a deletion ends it.' },
  identity_provider_invalid: { status: 422, title: 'The identity provider cannot be used like this', fix: 'See `errors`: each names the field and what it takes.' },
  identity_provider_unreachable: { status: 503, title: 'The identity provider does not answer', fix: 'Try again; if it stays, check its issuer with the test of the provider.' },
  sign_in_refused: { status: 401, title: 'The sign-in was refused', fix: 'Begin again from the sign-in page; `detail` says what can be told.' },
  sign_in_attempt_invalid: { status: 400, title: 'The sign-in attempt is over or not of this browser', fix: 'Begin again from the sign-in page, in the same browser.' },
  identity_not_invited: { status: 403, title: 'Nobody has invited this identity', fix: 'Ask an admin of the tenant for an invitation.' },
  passkey_invalid: { status: 422, title: 'The passkey could not be registered', fix: 'Begin again; the passkey must be made for this site and verify its user.' },
  passkey_unknown: { status: 401, title: 'The passkey is not known here', fix: 'Use another passkey, or another way to sign in.' },
  last_sign_in_method: { status: 409, title: 'It is the last way to sign in', fix: 'Add another passkey or identity first.' },
  invitation_invalid: { status: 404, title: 'The invitation is not valid', fix: 'Ask for a new one: it works once and for a limited time.' },
  session_unknown: { status: 404, title: 'There is no such session', fix: 'Read the sessions again.' },
  principal_disabled: { status: 403, title: 'The person or service is disabled', fix: 'An admin enables it first.' },
  scope_unknown: { status: 422, title: 'There is no such permission', fix: 'See `GET /api/v1/permissions` for those there are.' },
  scope_too_wide: { status: 403, title: 'More than you hold yourself', fix: 'Give only permissions that you have.' },
  key_lifetime_too_long: { status: 422, title: 'The key would live too long', fix: 'Choose an earlier `expires_at`; `detail` names the longest.' },
  api_key_already_rotated: { status: 409, title: 'The key was rotated already', fix: 'Use or rotate the key that took its place.' },
  role_unknown: { status: 422, title: 'There is no such role', fix: 'See `GET /api/v1/roles` for those there are.' },
  role_in_use: { status: 409, title: 'The role is in use', fix: 'Take it from everybody who has it first.' },
  last_admin: { status: 409, title: 'It would leave nobody to administer this', fix: 'Make somebody else an admin first.' },
  own_change: { status: 403, title: 'Nobody decides about what they asked for themselves', fix: 'Somebody else with the permission decides.' },
  change_request_state: { status: 409, title: 'The change request is not open any more', fix: 'See its `state`.' },
  break_glass_active: { status: 409, title: 'There is an open grant already', fix: 'End it first.' },
  break_glass_not_eligible: { status: 403, title: 'You may not break the glass for this role', fix: 'Ask somebody who may; the settings say who.' },
  key_not_revocable: { status: 409, title: 'The key cannot be revoked', fix: 'See `detail`.' },
  key_revoked: { status: 409, title: 'The key is revoked already', fix: 'Nothing to do: see since when.' },
  credential_in_use: { status: 409, title: 'The credential is in use', fix: 'Take it from the instances that `detail` names first.' },
  secret_ref_invalid: { status: 422, title: 'The reference names no secret that can be read here', fix: 'Use a form named in `detail`.' },
  root_key_unreachable: { status: 503, title: 'The root key of the cell does not answer', fix: 'Try again after the seconds in Retry-After; if it stays, the operator looks at KMS. What is open already goes on.' },
  secret_unreachable: { status: 503, title: 'The secret store does not answer', fix: 'Try again; if it stays, the operator checks the store.' },
  audit_range_invalid: { status: 422, title: 'There is no such part of the chain', fix: 'Choose `from` and `to` within what `detail` names.' },
  sink_invalid: { status: 422, title: 'The sink cannot be used like this', fix: 'See `errors`: each names the field and what it takes.' },
  witness_invalid: { status: 422, title: 'The witness cannot be used like this', fix: 'Give its verifier key as it prints it, and an https URL.' },
  evidence_package_not_ready: { status: 409, title: 'The package is not built yet', fix: 'Read it again until its `state` is `built`.' },
  evidence_period_invalid: { status: 422, title: 'The period cannot be packaged', fix: 'Choose a `from` before `to`, both in the past, and at most as long as `detail` says.' },
  legal_hold_active: { status: 409, title: 'A legal hold covers it', fix: 'Release the hold first, if you may.' },
  erasure_subject_unknown: { status: 422, title: 'Nobody and nothing fits', fix: 'Name the person by id, e-mail or the terms to look for.' },
  retention_invalid: { status: 422, title: 'The retention cannot be set like this', fix: 'See `errors`: each names the field and what it takes.' },

  // Agents
  protocol_unsupported: { status: 426, title: 'The cell does not speak this protocol', fix: 'Install an agent whose version the cell works with.' },
  agent_revoked: { status: 403, title: 'The agent is revoked', fix: 'Enrol a new one: `countersign-agent enroll`.' },
  agents_not_configured: { status: 503, title: 'This cell has no agents', fix: 'Whoever operates it sets COUNTERSIGN_AGENT_PORT and COUNTERSIGN_AGENT_CA.' },
  enrolment_token_invalid: { status: 401, title: 'The enrolment token is not valid', fix: 'Get another one: tokens work once and for ten minutes.' },
  enrolment_token_used: { status: 401, title: 'The enrolment token was used before', fix: 'If that was not you, revoke the agent that it enrolled. Get another token.' },
  certificate_invalid: { status: 401, title: 'The certificate is not one of an agent here', fix: 'Run `countersign-agent doctor`; enrol the agent if it says so.' },
  agent_expired: { status: 401, title: 'The agent\'s certificate has ended', fix: 'Get a token and enrol it again.' },
  agent_too_old: { status: 426, title: 'The agent is too old for this cell', fix: 'Install a newer one; what it has on its disk stays.' },
  agent_state: { status: 409, title: 'The agent is not in a state for that', fix: 'See its `state`: one that is revoked stays so, and the machine enrols as another.' },
  pool_unknown: { status: 422, title: 'There is no such pool of agents there', fix: 'Name a pool of the same environment by its `apl_` id.' },
  pool_in_use: { status: 409, title: 'The pool is in use', fix: 'Only a pool that never had agents, tokens or instances can be removed.' },
  release_invalid: { status: 422, title: 'It is no signed release of the agent', fix: 'Give the content of the .dsse file that was written beside the binary.' },
  release_missing: { status: 422, title: 'The cell does not have the release', fix: 'Whoever operates it copies the binary to COUNTERSIGN_AGENT_RELEASES_DIR, named by its SHA-256.' },
  shares_invalid: { status: 422, title: 'The stages do not rise to all', fix: 'Give rising percentages, the last of them 100.' },
  rollout_running: { status: 409, title: 'The pool is being given another release', fix: 'Wait for the end of that rollout, or halt it.' },
  rollout_state: { status: 409, title: 'The rollout is not in a state for that', fix: 'See its `state`: one that runs can be halted, and one that is halted resumed.' },
  range_invalid: { status: 416, title: 'The range is none that is given', fix: 'Ask for one range with both ends, 2 MiB at most.' },
  spool_gap: { status: 409, title: 'Entries before these were never delivered', fix: 'Send from `acked_seq` + 1. What is nowhere any more is lost: look at the disk of the agent, then enrol it anew.' },
  spool_forked: { status: 409, title: 'The spool does not continue what the cell holds', fix: 'The agent\'s state was restored or changed. Keep it for whoever looks into it, and enrol the agent anew with an empty one.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** The problem document (RFC 9457) that the API answers with. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode;
  readonly request_id: string;
  readonly errors?: readonly FieldProblem[];
}

/** What is wrong with one field: where (JSON pointer, or `line` and `column` of a source), what, and how to mend it. */
export interface FieldProblem {
  readonly field: string;
  readonly code: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/** Why a step, a call or a run did not succeed, as the API and the console show it. Shared by both planes. */
export const RUN_ERROR_CODES = [
  'policy_denied', 'policy_throttled', 'stopped_by_kill_switch', 'bundle_missing', 'bundle_invalid', 'bundle_stale', 'policy_error', 'policy_timeout', 'facts_unavailable',
  'approval_rejected', 'approval_expired', 'approval_withdrawn', 'expression_failed', 'attempts_exhausted', 'outcome_unknown',
  'instance_missing', 'manifest_changed', 'parameters_invalid', 'run_cancelled', 'route_loop', 'internal',
  'deadline_exceeded', 'wait_invalid', 'items_invalid', 'too_many_items', 'workflow_inactive', 'workflow_too_deep',
  'budget_exceeded', 'budget_reserved', 'price_unknown', 'idempotency_conflict', 'idempotency_in_progress', 'idempotency_key_invalid',
  'agent_unavailable', 'agent_not_reached', 'agent_refused', 'placement_mismatch', 'placement_unavailable', 'order_too_large', 'outcome_too_large',
] as const;
