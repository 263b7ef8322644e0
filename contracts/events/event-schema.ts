import { idPattern } from '../ids/prefixes.ts';
import { AUDIT_EVENT_TYPES } from './audit-event.ts';
import { classOf, OCSF, OCSF_CLASS, SEVERITY } from './catalogue.ts';
import { PUBLIC, SENSITIVE } from './data-fields.ts';

/**
 * The JSON Schema (2020-12) of one audit event as it is stored, hashed, exported and sent in format `native`: made of the same lists that the types
 * are made of. `x-class` of a member of `data` says who may see it outside of the cell, `x-ocsf` of the types in which class of OCSF each is sent.
 */
export function auditEventSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://countersign.dev/schemas/audit-event.json',
    title: 'An audit event: ids, digests and metadata, never what tickets say or models answer, nor secrets',
    type: 'object',
    required: ['id', 'type', 'at', 'tenant_id', 'workspace_id', 'actor', 'subject', 'run_id', 'data'],
    additionalProperties: false,
    properties: {
      id: { type: 'string', pattern: idPattern('audit_event') },
      type: { enum: [...AUDIT_EVENT_TYPES] },
      at: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$', description: 'UTC, milliseconds' },
      tenant_id: { type: 'string', pattern: idPattern('tenant') },
      workspace_id: { type: 'string', pattern: idPattern('workspace') },
      actor: { type: 'object', required: ['kind', 'id'], additionalProperties: false, properties: { kind: { enum: ['person', 'service', 'worker', 'system', 'agent'] }, id: { type: 'string' } } },
      subject: { type: 'object', required: ['kind', 'id'], additionalProperties: false, properties: { kind: { type: 'string' }, id: { type: 'string' } } },
      run_id: { anyOf: [{ type: 'string', pattern: idPattern('run') }, { type: 'null' }] },
      data: {
        type: 'object', additionalProperties: false,
        properties: Object.fromEntries([...PUBLIC, ...SENSITIVE].toSorted().map((name) => [name, { 'x-class': classOf(name) }])),
      },
    },
    'x-ocsf': Object.fromEntries(AUDIT_EVENT_TYPES.map((type) => {
      const kind = type.slice(0, type.indexOf('.')) as keyof typeof OCSF_CLASS;
      return [type, { class_uid: OCSF[OCSF_CLASS[kind]], class: OCSF_CLASS[kind], severity_id: SEVERITY[type] ?? 1 }];
    })),
  };
}
