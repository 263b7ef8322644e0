import { hash } from 'node:crypto';
import type { AuditEvent, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import { OCSF, OCSF_CLASS, SEVERITY, redactedData } from '@countersign/contracts/events/catalogue.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';

/** One event as a sink gets it. `body` is null where its retention has ended: its place is told all the same. */
export interface SinkEvent {
  readonly chain: string;
  readonly seq: number;
  readonly type: string;
  readonly event: AuditEvent | null;
}

export type SinkFormat = 'ocsf' | 'cef' | 'native';

/** An event in the words of the sink, without its line feed; what may not leave the cell is left out or is its digest. */
export function formatEvent(format: SinkFormat, given: SinkEvent, showsSensitive: boolean): string {
  const event = given.event === null ? null : { ...given.event, data: redactedData(given.event.data, (value) => `sha256:${hash('sha256', canonicalText(value), 'hex')}`, showsSensitive) };
  if (format === 'native') return JSON.stringify({ chain: given.chain, seq: given.seq, type: given.type, event });
  return format === 'ocsf' ? JSON.stringify(ocsf(given, event)) : cef(given, event);
}

const PRODUCT = { name: 'Countersign', vendor_name: 'Countersign' };
/** What the second half of a type says in OCSF's activities: create, read, update, delete; for authentication: logon, logoff. */
const VERBS: ReadonlyArray<readonly [RegExp, number]> = [
  [/(created|registered|stored|published|issued|linked|installed|configured|requested|activated|granted|set|started|intended)$/, 1], [/(exported|downloaded|built)$/, 2],
  [/(removed|revoked|deleted|uninstalled|unlinked|ended|retired|shredded)$/, 4], [/(changed|rotated|rewrapped|accepted|enabled|disabled)$/, 3],
];
const OTHER = 99;

/** OCSF 1.x, as its event classes have it; ours beside it under `unmapped`. */
function ocsf({ chain, seq, type }: SinkEvent, event: AuditEvent | null): object {
  const class_uid = OCSF[OCSF_CLASS[kindOf(type)]];
  const activity_id = activityOf(class_uid, type);
  const failed = /(refused|denied|failed|blocked)$/.test(type);
  return {
    class_uid, category_uid: Math.floor(class_uid / 1_000), activity_id, activity_name: type, type_uid: class_uid * 100 + activity_id, severity_id: SEVERITY[type as AuditEventType] ?? 1,
    status_id: failed ? 2 : 1, time: event === null ? null : new Date(event.at).getTime(), message: type,
    metadata: { version: '1.3.0', product: PRODUCT, uid: event?.id ?? `${chain}/${seq}`, sequence: seq, log_name: chain, tenant_uid: chain.split('/')[0] },
    ...(event === null ? {} : {
      actor: { user: { uid: event.actor.id, type: event.actor.kind } },
      // The classes of OCSF name what was acted on differently; each takes these.
      ...(class_uid === OCSF.api_activity ? { api: { operation: type }, resources: [{ uid: event.subject.id, type: event.subject.kind }] } : {}),
      ...(class_uid === OCSF.detection_finding ? { finding_info: { uid: event.id, title: type } } : {}),
      ...(class_uid === OCSF.authentication || class_uid === OCSF.account_change || class_uid === OCSF.user_access_management ? { user: { uid: event.subject.id, type: event.subject.kind } } : {}),
      ...(class_uid === OCSF.entity_management ? { entity: { uid: event.subject.id, type: event.subject.kind } } : {}),
      ...(class_uid === OCSF.group_management ? { group: { uid: event.subject.id } } : {}),
    }),
    unmapped: { run_id: event?.run_id ?? null, workspace_id: chain.split('/')[1], body_ended: event === null, data: event?.data ?? {} },
  };
}

function activityOf(class_uid: number, type: string): number {
  if (class_uid === OCSF.authentication) return /(started|issued|refused)$/.test(type) ? 1 : 2;
  if (class_uid === OCSF.user_access_management) return type.endsWith('granted') ? 1 : 2;
  if (class_uid === OCSF.detection_finding) return 1;
  if (class_uid === OCSF.group_management) return OTHER;
  return VERBS.find(([verb]) => verb.test(type))?.[1] ?? OTHER;
}

function kindOf(type: string): keyof typeof OCSF_CLASS {
  return (type.split('.')[0] ?? '') as keyof typeof OCSF_CLASS;
}

/** CEF:0, "Implementing ArcSight Common Event Format": in the header a pipe and a backslash are escaped, in values an equals sign, a backslash and line feeds. */
function cef({ chain, seq, type }: SinkEvent, event: AuditEvent | null): string {
  const severity = { 1: 2, 3: 6, 4: 8, 5: 10 }[SEVERITY[type as AuditEventType] ?? 1];
  const fields: Record<string, string> = {
    externalId: event?.id ?? `${chain}/${seq}`, cn1Label: 'seq', cn1: String(seq), cs1Label: 'chain', cs1: chain,
    ...(event === null ? { cs2Label: 'body', cs2: 'ended' } : {
      rt: String(new Date(event.at).getTime()), suser: event.actor.id, cs2Label: 'subject', cs2: `${event.subject.kind}:${event.subject.id}`, cs3Label: 'data', cs3: JSON.stringify(event.data),
      ...(event.run_id === null ? {} : { cs4Label: 'run_id', cs4: event.run_id }),
    }),
  };
  const header = ['CEF:0', PRODUCT.vendor_name, PRODUCT.name, '1', type, type, String(severity)].map((part) => part.replaceAll(/[\\|]/g, '\\$&')).join('|');
  return `${header}|${Object.entries(fields).map(([key, value]) => `${key}=${value.replaceAll(/[\\=]/g, '\\$&').replaceAll(/\r?\n/g, '\\n')}`).join(' ')}`;
}
