import type { AuditEvent, AuditEventType, AuditValue } from './audit-event.ts';
import { PUBLIC, SENSITIVE } from './data-fields.ts';

/** Who may see a field outside of the cell: everybody; only its digest, unless a sink asks for it; nobody. */
export type FieldClass = 'public' | 'sensitive' | 'secret';

type Kind = AuditEventType extends infer Type extends string ? (Type extends `${infer Before}.${string}` ? Before : never) : never;

/** Classes of OCSF 1.x (schema.ocsf.io) in which a kind of event belongs. */
export const OCSF = { detection_finding: 2004, account_change: 3001, authentication: 3002, entity_management: 3004, user_access_management: 3005, api_activity: 6003 } as const;
type OcsfClass = keyof typeof OCSF;

/** Every kind of event has its class: one that is missing here does not compile. */
export const OCSF_CLASS: Readonly<Record<Kind, OcsfClass>> = {
  access: 'api_activity', access_token: 'authentication', agent: 'entity_management', agent_pool: 'entity_management', agent_rollout: 'entity_management', api_key: 'account_change', approval: 'api_activity', audit: 'entity_management', authorization: 'entity_management',
  break_glass: 'detection_finding', budget: 'entity_management', bulk_command: 'api_activity', call: 'api_activity', change_request: 'api_activity', connector: 'entity_management',
  content: 'api_activity', credential: 'entity_management', custom_role: 'entity_management', data_key: 'entity_management', decision: 'api_activity', decisions: 'api_activity',
  delivery: 'api_activity', environment: 'entity_management', erasure: 'api_activity', evidence: 'api_activity', federation: 'entity_management', group: 'entity_management',
  identity: 'account_change', identity_provider: 'entity_management', instance: 'entity_management', invitation: 'account_change', kek: 'entity_management', key: 'entity_management',
  kill_switch: 'detection_finding', legal_hold: 'entity_management', limit: 'detection_finding', model: 'entity_management', oauth_client: 'account_change', passkey: 'account_change',
  policy: 'entity_management', prices: 'entity_management', principal: 'account_change', quota: 'entity_management', rate_limit: 'entity_management', retention: 'entity_management',
  role: 'user_access_management', run: 'api_activity', schedule: 'entity_management', session: 'authentication', slack: 'entity_management', step: 'api_activity', tenant: 'entity_management',
  workflow: 'entity_management', workspace: 'entity_management',
};

/** What most others do not have: how grave an event is by itself (OCSF severity_id: 3 medium, 4 high, 5 critical). Everything else is informational, 1. */
export const SEVERITY: Readonly<Partial<Record<AuditEventType, 3 | 4 | 5>>> = {
  'session.refused': 3, 'access.denied': 3, 'limit.exceeded': 3, 'federation.refused': 3, 'slack.request_refused': 3, 'slack.click_refused': 3, 'approval.vote_refused': 3, 'delivery.refused': 3,
  'break_glass.activated': 4, 'break_glass.ended': 3, 'kill_switch.set': 4, 'key.revoked': 4, 'audit.sink_failed': 4, 'audit.witness_refused': 5, 'tenant.shredded': 4, 'tenant.deletion_requested': 4, 'tenant.deletion_confirmed': 4, 'tenant.deleted': 4, 'policy.gate_overridden': 4,
  'agent.token_reused': 4, 'agent.revoked': 4, 'agent.lost': 3, 'agent.order_refused': 4, 'agent.spool_full': 3, 'agent.spool_forked': 5, 'agent.policy_refused': 4, 'agent_rollout.halted': 3,
};

const CLASSES: ReadonlyMap<string, FieldClass> = new Map([...PUBLIC.map((name) => [name, 'public'] as const), ...SENSITIVE.map((name) => [name, 'sensitive'] as const)]);

/** Whether somebody decided who may see it; what nobody decided of is secret. */
export function isClassed(field: string): boolean {
  return CLASSES.has(field);
}

export function classOf(field: string): FieldClass {
  return CLASSES.get(field) ?? 'secret';
}

/** `data` as it may leave the cell: secret members are left out, sensitive ones are their digest unless `showsSensitive`. */
export function redactedData(data: AuditEvent['data'], digestOf: (value: AuditValue) => string, showsSensitive: boolean): Record<string, AuditValue> {
  return Object.fromEntries(Object.entries(data).flatMap(([name, value]) => {
    const fieldClass = classOf(name);
    if (fieldClass === 'secret') return [];
    return [[name, fieldClass === 'public' || showsSensitive ? value : digestOf(value)]];
  }));
}
