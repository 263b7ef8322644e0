import type { ActionContext, ActionResult, Connector, JsonObject, Prepared } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { checkManifest } from '@countersign/connectors/sdk/load-manifest.ts';

const record = { type: 'object', additionalProperties: false, required: ['id', 'title', 'category', 'version'], properties: { id: { type: 'string' }, title: { type: 'string' }, category: { type: 'string' }, version: { type: 'integer' } } };
const common = { reversible: true, idempotent: false, timeout_ms: 20_000, sensitive_parameters: [], content_parameters: [], redact: [] };

/** The record whose event no webhook ever told of. */
export const LOST_RECORD = 'lost';

/** A connector to the test's own system of record. It has the shape of every connector: a read, a write that a person sees first, and a look-up. */
export const ledger: Connector = {
  ...checkManifest({
    name: 'ledger', version: '1.0.0', title: 'Ledger', description: 'The system of record of these tests', credentials: ['none'],
    actions: {
      'record.get': { ...common, title: 'Read a record', risk: 'read', idempotent: true, reconcile: false, output: record, output_labels: ['ticket_text'],
        parameters: { type: 'object', additionalProperties: false, required: ['id'], properties: { id: { type: 'string' } } } },
      'record.update': { ...common, timeout_ms: 1_000, title: 'Change a category', risk: 'write', reconcile: true, output: record, output_labels: ['trusted_system'],
        parameters: { type: 'object', additionalProperties: false, required: ['id', 'category'], properties: { id: { type: 'string' }, category: { type: 'string' } } } },
      'record.stamp': { ...common, timeout_ms: 1_000, title: 'Stamp a record; the ledger cannot say afterwards whether it did', risk: 'write', reconcile: false, output: record, output_labels: ['trusted_system'],
        parameters: { type: 'object', additionalProperties: false, required: ['id', 'category'], properties: { id: { type: 'string' }, category: { type: 'string' } } } },
      'effect.find': { ...common, title: 'Look an effect up', risk: 'read', idempotent: true, reconcile: false, output_labels: ['trusted_system'],
        output: { type: 'object', additionalProperties: false, required: ['found'], properties: { found: { type: 'boolean' } } },
        parameters: { type: 'object', additionalProperties: false, required: ['reference'], properties: { reference: { type: 'string' } } } },
    },
    triggers: {
      'record.created': {
        title: 'A record was created', subject: '/id', subject_label: '/title', dedupe_key: ['/id', '/version'], operation: { pointer: '/operation', values: ['create'] }, changed_by: '/by',
        payload: { type: 'object', properties: {} },
      },
      'record.changed': {
        title: 'A record was changed', subject: '/id', subject_label: '/title', dedupe_key: ['/id', '/version'], run_per: 'version', operation: { pointer: '/operation', values: ['change'] }, changed_by: '/by',
        payload: { type: 'object', properties: {} },
      },
    },
  }),
  actions: {
    'record.get': { execute: async (context, { id }) => ({ output: await read(context, String(id)) }) },
    'effect.find': {
      execute: async (context, { reference }) => {
        const response = await context.egress.request({ method: 'GET', path: '/effects', query: { reference: String(reference) } });
        return { output: response.json() as JsonObject };
      },
    },
    'record.update': {
      prepare, execute,
      async reconcile(context, parameters, prepared) {
        const { found } = await context.call('ledger/effect.find', { reference: context.reference });
        if (found !== true) return { happened: false };
        const output = await read(context, String(parameters['id']));
        return { happened: true, result: { output, receipt: receiptOf(output, prepared) } };
      },
    },
    'record.stamp': { prepare, execute },
  },
  reconciler: {
    events: ['record.created'],
    async poll(context, cursor) {
      const now = await context.call('ledger/record.get', { id: LOST_RECORD });
      const event = { id: LOST_RECORD, title: now['title']!, version: now['version']!, operation: 'create', by: 'somebody' };
      return { cursor: String(Number(cursor ?? 0) + 1), found: [event, { ...event, operation: 'delete' }] };
    },
  },
};

async function prepare(context: ActionContext, { id, category }: JsonObject): Promise<Prepared> {
  const now = await context.call('ledger/record.get', { id: id! });
  return {
    parameters: { id: id!, category: category! },
    target: { id: String(id), label: String(now['title']), version: String(now['version']) },
    preview: { title: `Change ${String(now['title'])}`, fields: [{ name: 'category', label: 'Category', before: String(now['category']), after: String(category) }], additions: [] },
  };
}

async function execute(context: ActionContext, parameters: JsonObject, prepared: Prepared | null): Promise<ActionResult> {
  const response = await context.egress.request({ method: 'PATCH', path: `/records/${String(parameters['id'])}`, json: { category: parameters['category']!, reference: context.reference } });
  refuseBadStatus(response.status);
  const output = response.json() as JsonObject;
  return { output, receipt: receiptOf(output, prepared) };
}

async function read(context: ActionContext, id: string): Promise<JsonObject> {
  const response = await context.egress.request({ method: 'GET', path: `/records/${id}` });
  refuseBadStatus(response.status);
  return response.json() as JsonObject;
}

function refuseBadStatus(status: number): void {
  if (status === 200) return;
  if (status === 429) throw new ConnectorError({ code: 'peer_rate_limited', message: 'The ledger is busy.', effect: 'none', retryable: true, retryAfterMs: 20, status });
  if (status === 503) throw new ConnectorError({ code: 'peer_unavailable', message: 'The ledger is away.', effect: 'none', retryable: true, status });
  throw new ConnectorError({ code: status === 404 ? 'peer_not_found' : 'peer_forbidden', message: `The ledger answered ${status}.`, effect: 'none', retryable: false, status });
}

function receiptOf(output: JsonObject, prepared: Prepared | null): NonNullable<Awaited<ReturnType<Connector['actions'][string]['execute']>>['receipt']> {
  const version = String(output['version']);
  return {
    target_id: String(output['id']), version_before: prepared?.target.version ?? null, version_after: version,
    written_versions: [`${String(output['id'])}:${version}`], fields_written: ['category'], verified_by_reading_back: false,
  };
}
