import type { ActionContext, Connector, JsonObject, Prepared } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { checkManifest } from '@countersign/connectors/sdk/load-manifest.ts';

const common = { reversible: true, reconcile: false, timeout_ms: 10_000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['trusted_system'] };
const text = { type: 'object', additionalProperties: false, required: ['id'], properties: { id: { type: 'string' } } };
const output = { type: 'object', additionalProperties: false, required: ['ok'], properties: { ok: { type: 'boolean' } } };

/**
 * What the peers' steps do: nothing in this process, or one request to a local server. A read, and a write that is governed like every
 * write: an action that could be approved, an idempotency key that is looked up, a receipt.
 */
export const noop: Connector = {
  ...checkManifest({
    name: 'noop', version: '1.0.0', title: 'No-op', description: 'The step of the engine benchmark', credentials: ['none'],
    actions: {
      'thing.read': { ...common, title: 'Do nothing', risk: 'read', idempotent: true, parameters: text, output },
      'thing.write': { ...common, title: 'Do nothing, as a write', risk: 'write', idempotent: true, parameters: text, output },
      'thing.fetch': { ...common, title: 'Ask a local server', risk: 'read', idempotent: true, parameters: text, output },
    },
    triggers: {
      'thing.made': {
        title: 'A thing was made', subject: '/id', subject_label: '/id', dedupe_key: ['/id', '/version'], operation: { pointer: '/operation', values: ['create'] }, changed_by: '/by',
        payload: { type: 'object', properties: {} },
      },
    },
  }),
  actions: {
    'thing.read': { execute: async () => ({ output: { ok: true } }) },
    'thing.write': {
      prepare: async (_context, parameters): Promise<Prepared> => ({
        parameters, target: { id: String(parameters['id']), label: 'A thing', version: '1' }, preview: { title: 'Do nothing', fields: [], additions: [] },
      }),
      execute: async (_context, _parameters, prepared) => ({
        output: { ok: true },
        receipt: { target_id: prepared?.target.id ?? '', version_before: '1', version_after: '1', written_versions: [], fields_written: [], verified_by_reading_back: false },
      }),
    },
    'thing.fetch': { execute: async (context) => ({ output: await fetched(context) }) },
  },
};

async function fetched(context: ActionContext): Promise<JsonObject> {
  const response = await context.egress.request({ method: 'GET', path: '/' });
  if (response.status !== 200) throw new ConnectorError({ code: 'peer_unavailable', message: `The local server answered ${response.status}.`, effect: 'none', retryable: true, status: response.status });
  return response.json() as JsonObject;
}
