/**
 * Every public id is a TypeID: a prefix that says what it names, and a UUIDv7 in base32 that sorts by time.
 * Source: https://github.com/jetify-com/typeid (spec 0.3).
 */
export const ID_PREFIXES = {
  tenant: 'ten',
  workspace: 'wsp',
  environment: 'env',
  principal: 'prn',
  session: 'ses',
  api_key: 'key',
  connector_instance: 'ins',
  credential: 'cred',
  workflow: 'wfl',
  delivery: 'dlv',
  run: 'run',
  step: 'stp',
  tool_call: 'call',
  decision: 'dec',
  approval: 'apr',
  vote: 'vot',
  cost_line: 'cst',
  content: 'cnt',
  audit_event: 'aud',
  checkpoint: 'chk',
  command: 'cmd',
  bulk_command: 'blk',
  evidence: 'evd',
  policy_bundle: 'bdl',
  policy_draft: 'pdr',
  policy_release: 'prl',
  policy_replay: 'prp',
  kill_switch: 'ksw',
  model: 'mdl',
  saved_view: 'svw',
  schedule: 'sch',
  identity_provider: 'idp',
  external_identity: 'xid',
  passkey: 'psk',
  invitation: 'inv',
  group: 'grp',
  sign_in_attempt: 'sia',
  oauth_client: 'ocl',
  access_token: 'tok',
  federation: 'fed',
  custom_role: 'rol',
  change_request: 'chg',
  break_glass: 'bgl',
  data_key: 'dek',
  audit_sink: 'snk',
  witness: 'wit',
  evidence_package: 'evp',
  erasure_request: 'ers',
  legal_hold: 'hld',
  tenant_deletion: 'tdl',
  tenant_move: 'mov',
  agent: 'agt',
  agent_pool: 'apl',
  enrolment_token: 'aet',
  work_order: 'ord',
  request: 'req',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/** A JSON-Schema / SQL pattern that an id of `kind` matches. */
export function idPattern(kind: IdKind): string {
  return `^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`;
}
