import { describe, expect, it } from 'vitest';
import { AUDIT_EVENT_TYPES } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { ocsf } from './ocsf.ts';
import schema from './testing/ocsf-1.3.0.json' with { type: 'json' };

interface Attribute { readonly type: string | null; readonly array: boolean; readonly required?: boolean; readonly enum?: readonly number[] }
interface Shape { readonly at_least_one: readonly string[]; readonly attributes: Readonly<Record<string, Attribute>> }

const objects = schema.objects as Readonly<Record<string, Shape>>;
const classes = schema.classes as unknown as Readonly<Record<string, Shape & { readonly category_uid: number }>>;
const CHAIN = 'ten_1/wsp_1';
const AT = new Date('2026-11-21T10:00:00.000Z');

function event(type: AuditEvent['type']): AuditEvent {
  return { id: 'aud_1', type, at: AT.toISOString(), tenant_id: 'ten_1', workspace_id: 'wsp_1', actor: { kind: 'person', id: 'prn_1' }, subject: { kind: 'thing', id: 'thg_1' }, run_id: null, data: {} } as unknown as AuditEvent;
}

/** What the schema of OCSF says against `value`: what is missing, what it does not know, and numbers that stand for nothing. */
function problems(value: Readonly<Record<string, unknown>>, shape: Shape, path: string): string[] {
  const missing = Object.entries(shape.attributes).filter(([name, { required }]) => required === true && (value[name] ?? null) === null).map(([name]) => `${path}.${name} is missing`);
  const none = shape.at_least_one.length > 0 && !shape.at_least_one.some((name) => name in value) ? [`${path} has none of ${shape.at_least_one.join(', ')}`] : [];
  return [...missing, ...none, ...Object.entries(value).flatMap(([name, member]) => problemsOf(member, shape.attributes[name], `${path}.${name}`))];
}

function problemsOf(member: unknown, attribute: Attribute | undefined, path: string): string[] {
  if (attribute === undefined) return [`${path} is unknown`];
  if (attribute.enum !== undefined && !attribute.enum.includes(member as number)) return [`${path} is ${String(member)}`];
  if (attribute.array !== Array.isArray(member)) return [`${path} is ${attribute.array ? 'no' : 'a'} list`];
  const shape = attribute.type === null ? undefined : objects[attribute.type];
  return shape === undefined ? [] : [member].flat().flatMap((one) => problems(one as Record<string, unknown>, shape, path));
}

describe('an event in the words of OCSF 1.3.0', () => {
  it.each(AUDIT_EVENT_TYPES.flatMap((type) => [[type, 'whole', event(type)], [type, 'ended', null]] as const))('%s, %s, is what its class says', (type, _, whole) => {
    const sent = ocsf({ chain: CHAIN, seq: 7, type, recorded_at: AT }, whole) as { class_uid: number; category_uid: number; activity_id: number; type_uid: number };
    const { unmapped, ...mapped } = sent as unknown as Record<string, unknown>;
    const shape = classes[String(sent.class_uid)]!;
    expect(problems(mapped, shape, type)).toEqual([]);
    expect(unmapped).toMatchObject({ body_ended: whole === null });
    expect([sent.category_uid, sent.type_uid]).toEqual([shape.category_uid, sent.class_uid * 100 + sent.activity_id]);
  });

  it.each([
    ['api_key.created', 1], ['api_key.revoked', 6], ['api_key.rotated', 99], ['principal.disabled', 5], ['principal.enabled', 2], ['identity.unlinked', 6], ['passkey.removed', 6],
    ['session.started', 1], ['session.refused', 1], ['session.ended', 2], ['session.limits_changed', 99], ['role.granted', 1], ['role.revoked', 2],
    ['break_glass.activated', 1], ['break_glass.reviewed', 2], ['break_glass.ended', 3], ['credential.stored', 1], ['credential.rotated', 3], ['evidence.downloaded', 2],
  ] as const)('%s is the activity %i', (type, activity_id) => {
    expect(ocsf({ chain: CHAIN, seq: 7, type, recorded_at: AT }, event(type))).toMatchObject({ activity_id });
  });
});
