import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { OCSF, OCSF_CLASS, SEVERITY } from '@countersign/contracts/events/catalogue.ts';
import type { SinkEvent } from './sink-event.ts';

/** Of the Open Cybersecurity Schema Framework, https://schema.ocsf.io. A test checks every type of event against the published schema of this version. */
const VERSION = '1.3.0';
export const PRODUCT = { name: 'Countersign', vendor_name: 'Countersign' };

type OcsfClass = keyof typeof OCSF;

/** What the second half of a type is among the activities of its class; what is none of them is 99, "other", and `activity_name` says it all the same. */
const OTHER = 99;
const ACTIVITIES: Readonly<Record<OcsfClass, ReadonlyArray<readonly [RegExp, number]>>> = {
  // Delete (first, for what is unlinked ends as what is linked does), create, enable, disable.
  account_change: [[/(revoked|removed|deleted|unlinked)$/, 6], [/(created|registered|linked)$/, 1], [/(enabled|accepted)$/, 2], [/disabled$/, 5]],
  // Logon, logoff.
  authentication: [[/(started|issued|refused)$/, 1], [/(ended|revoked)$/, 2]],
  // Assign, revoke.
  user_access_management: [[/granted$/, 1], [/revoked$/, 2]],
  // Create, update, close.
  detection_finding: [[/reviewed$/, 2], [/(ended|cleared)$/, 3], [/./, 1]],
  // Create, read, update, delete, enable, disable.
  entity_management: [[/(created|stored|published|issued|installed|configured|requested|set)$/, 1], [/(exported|downloaded|built)$/, 2], [/(changed|rotated|rewrapped)$/, 3], [/(removed|revoked|deleted|uninstalled|retired|shredded)$/, 4], [/enabled$/, 8], [/disabled$/, 9]],
  // Create, read, update, delete.
  api_activity: [[/(created|requested|started|intended|stored|built)$/, 1], [/(exported|downloaded|read)$/, 2], [/changed$/, 3], [/(removed|deleted|withdrawn)$/, 4]],
};
/** One event as OCSF has it; what only we know stands beside it under `unmapped`. */
export function ocsf({ chain, seq, type, recorded_at }: Omit<SinkEvent, 'event'>, event: AuditEvent | null): object {
  const name = OCSF_CLASS[kindOf(type)];
  const class_uid = OCSF[name];
  const activity_id = activityOf(name, type);
  const failed = /(refused|denied|failed|blocked)$/.test(type);
  return {
    class_uid, category_uid: Math.floor(class_uid / 1_000), activity_id, activity_name: type, type_uid: class_uid * 100 + activity_id, severity_id: SEVERITY[type as AuditEventType] ?? 1,
    status_id: failed ? 2 : 1, time: (event === null ? recorded_at : new Date(event.at)).getTime(), message: type,
    metadata: { version: VERSION, product: PRODUCT, uid: event?.id ?? `${chain}/${seq}`, sequence: seq, log_name: chain, tenant_uid: chain.split('/')[0] },
    ...partsOf(name, type, event ?? ENDED),
    // The class of privileges knows nobody who gives them.
    unmapped: { actor: event?.actor ?? null, run_id: event?.run_id ?? null, workspace_id: chain.split('/')[1], body_ended: event === null, data: event?.data ?? {} },
  };
}

/** What stands for who and what when the body of an event has ended: its place in the chain is proven, the rest is gone. */
const ENDED = { actor: { kind: 'unknown', id: 'ended' }, subject: { kind: 'unknown', id: 'ended' }, data: {} } as const;

/** Who acted on what: each class names it in its own way. */
function partsOf(name: OcsfClass, type: string, { actor, subject, data }: Pick<AuditEvent, 'actor' | 'subject' | 'data'> | typeof ENDED): object {
  const user = { uid: actor.id, type: actor.kind };
  const acted = { uid: subject.id, type: subject.kind };
  switch (name) {
    case 'api_activity': return { actor: { user }, api: { operation: type }, src_endpoint: { uid: actor.id, svc_name: actor.kind }, resources: [acted] };
    case 'detection_finding': return { finding_info: { uid: subject.id, title: type } };
    // Who signs in is the one who acts; what began or ended is the session.
    case 'authentication': return { user, service: PRODUCT_SERVICE, session: { uid: subject.id } };
    case 'account_change': return { actor: { user }, user: acted };
    case 'user_access_management': return { user: acted, privileges: [String((data as Readonly<Record<string, unknown>>).role ?? 'role')] };
    case 'entity_management': return { actor: { user }, entity: acted };
  }
}

const PRODUCT_SERVICE = { name: PRODUCT.name };

function activityOf(name: OcsfClass, type: string): number {
  return ACTIVITIES[name].find(([verb]) => verb.test(type))?.[1] ?? OTHER;
}

function kindOf(type: string): keyof typeof OCSF_CLASS {
  return (type.split('.')[0] ?? '') as keyof typeof OCSF_CLASS;
}
