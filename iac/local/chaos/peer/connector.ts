import type { ActionContext, Connector, EgressResponse, JsonObject, Prepared, Receipt } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { checkManifest } from '@countersign/connectors/sdk/load-manifest.ts';

const common = { reversible: true, idempotent: false, reconcile: false, timeout_ms: 1_500, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['trusted_system'] };
const text = { type: 'string' };
const object = (...names: readonly string[]) => ({ type: 'object', additionalProperties: false, required: names, properties: Object.fromEntries(names.map((name) => [name, text])) });
const record = { type: 'object', additionalProperties: false, required: ['id', 'title', 'category', 'version'], properties: { id: text, title: text, category: text, version: { type: 'integer' } } };

/** What the runs of a chaos run call: a read, a write that can be looked up and is not idempotent, and one that the peer does once for its reference. */
const checked = checkManifest({
  name: 'book', version: '1.0.0', title: 'Book', description: 'The system of record of chaos runs', credentials: ['none'],
  actions: {
    'record.get': { ...common, title: 'Read a record', risk: 'read', idempotent: true, parameters: object('id'), output: record },
    'record.update': { ...common, title: 'Change a category', risk: 'write', reconcile: true, parameters: object('id', 'category'), output: record },
    'note.put': { ...common, title: 'Put a note', risk: 'write', idempotent: true, parameters: object('id', 'text'), output: object('reference') },
    'effect.find': { ...common, title: 'Look an effect up', risk: 'read', idempotent: true, parameters: object('reference'), output: { type: 'object', additionalProperties: false, required: ['found'], properties: { found: { type: 'boolean' } } } },
  },
  triggers: {
    'record.created': {
      title: 'A record was created', subject: '/id', subject_label: '/id', dedupe_key: ['/id', '/version'], operation: { pointer: '/operation', values: ['create'] }, changed_by: '/by',
      payload: { type: 'object', required: ['id', 'version', 'operation'], properties: { id: text, version: { type: 'integer' }, operation: text, by: text } },
    },
  },
});

/** @param worker the name that the peer knows the process by which sends */
export function bookConnector(worker: string): Connector {
  const headers = { 'x-worker': worker };
  const read = async ({ egress }: ActionContext, id: string): Promise<JsonObject> => accepted(await egress.request({ method: 'GET', path: `/records/${id}`, headers }));
  return {
    ...checked,
    actions: {
      'record.get': { execute: async (context, { id }) => ({ output: await read(context, String(id)) }) },
      'effect.find': { execute: async ({ egress }, { reference }) => ({ output: accepted(await egress.request({ method: 'GET', path: '/effects', query: { reference: String(reference) }, headers })) }) },
      'record.update': {
        prepare: async (_context, { id, category }) => preparedFor({ id: id!, category: category! }),
        async execute({ egress, reference }, parameters) {
          const output = accepted(await egress.request({ method: 'PATCH', path: `/records/${String(parameters['id'])}`, json: { category: parameters['category']!, reference }, headers }));
          return { output, receipt: receiptOf(String(parameters['id']), 'category') };
        },
        async reconcile(context, parameters) {
          const { found } = await context.call('book/effect.find', { reference: context.reference });
          if (found !== true) return { happened: false };
          return { happened: true, result: { output: await read(context, String(parameters['id'])), receipt: receiptOf(String(parameters['id']), 'category') } };
        },
      },
      'note.put': {
        prepare: async (_context, { id, text }) => preparedFor({ id: id!, text: text! }),
        async execute({ egress, reference }, parameters) {
          const output = accepted(await egress.request({ method: 'PUT', path: `/notes/${String(parameters['id'])}`, json: { text: parameters['text']!, reference }, headers }));
          return { output, receipt: receiptOf(String(parameters['id']), 'note') };
        },
      },
    },
  };
}

export const BOOK = bookConnector('');

/** The values are in the parameters already; nothing needs to be read, so that what is approved stays what is sent. */
function preparedFor(parameters: JsonObject): Prepared {
  const id = String(parameters['id']);
  return { parameters, target: { id, label: `ticket ${id}`, version: '0' }, preview: { title: `Change ticket ${id}`, fields: [], additions: [] } };
}

function accepted(response: EgressResponse): JsonObject {
  const { status } = response;
  if (status === 200) return response.json() as JsonObject;
  if (status === 429) throw new ConnectorError({ code: 'peer_rate_limited', message: 'The book is busy.', effect: 'none', retryable: true, retryAfterMs: 20, status });
  throw new ConnectorError({ code: 'peer_unavailable', message: `The book answered ${status}.`, effect: 'unknown', retryable: true, status });
}

function receiptOf(id: string, field: string): Receipt {
  return { target_id: id, version_before: null, version_after: null, written_versions: [], fields_written: [field], verified_by_reading_back: false };
}
