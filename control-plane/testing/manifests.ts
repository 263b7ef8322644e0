import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';

const text = { type: 'string', minLength: 1 };

/** A connector of these tests that serves a hosted model: it takes a prompt, and an answer in the form of a schema. */
export function hostedManifest(): ConnectorManifest {
  const desk = deskManifest();
  const parameters = { type: 'object', additionalProperties: false, required: ['model', 'prompt', 'input'], properties: { model: text, prompt: text, input: {}, output_schema: { type: 'object' }, source: text } };
  return { ...desk, name: 'hosted', actions: { generate: { ...desk.actions['generate']!, parameters } } };
}

/** A connector of these tests: a desk with tickets, small enough to be read at a glance. */
export function deskManifest(version = '1.0.0'): ConnectorManifest {
  const action = { reversible: true, idempotent: true, reconcile: true, output: { type: 'object' }, output_labels: ['ticket_text'], sensitive_parameters: [], content_parameters: [], redact: [], timeout_ms: 5_000 };
  return {
    name: 'desk', version, title: 'Desk', description: 'Tickets of the tests.', credentials: ['none', 'basic'],
    actions: {
      'ticket.get': { ...action, title: 'Read a ticket', risk: 'read', parameters: { type: 'object', additionalProperties: false, required: ['id'], properties: { id: text } } },
      'ticket.update': {
        ...action, title: 'Change a ticket', risk: 'write',
        parameters: { type: 'object', additionalProperties: false, required: ['id'], properties: { id: text, category: text, impact: { enum: ['1', '2', '3'] } } },
      },
      generate: {
        ...action, title: 'Sort a ticket', risk: 'model', output_labels: ['model_output'],
        parameters: { type: 'object', additionalProperties: false, required: ['model', 'input'], properties: { model: text, input: {}, source: text } },
      },
    },
    triggers: {
      'ticket.created': {
        title: 'A ticket was created',
        payload: {
          type: 'object', additionalProperties: false, required: ['id', 'number', 'version', 'operation'],
          properties: { id: text, number: text, version: { type: 'integer', minimum: 0 }, operation: text, changed_by: { type: 'string' } },
        },
        subject: '/id', subject_label: '/number', dedupe_key: ['/id', '/version'],
        operation: { pointer: '/operation', values: ['insert'] }, changed_by: '/changed_by',
      },
    },
  } as ConnectorManifest;
}
