import type { ConformanceSubject } from '../conformance/subject.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { servicenow } from './connector.ts';
import { startSandbox } from './sandbox/server.ts';
import { call, INTEGRATION } from './sandbox/testing/client.ts';

const REFERENCE = 'run_1/abcdef123456';

/** ServiceNow before its sandbox. */
export const conformance: ConformanceSubject = {
  connector: servicenow,
  async start() {
    const sandbox = await startSandbox({ incidents: 60 });
    const raise = async (): Promise<string> => {
      const { body } = await call<{ tickets: Array<{ sys_id: string }> }>(sandbox.url, '/sandbox/tickets', { json: { count: 1, short_description: 'VPN drops' } });
      return body.tickets[0]!.sys_id;
    };
    /** An update as `incident.update` makes it, and what undoes it. */
    const updated = async (sysId: string): Promise<JsonObject> => {
      const { body } = await call<{ result: Record<string, string> }>(sandbox.url, `/api/now/table/incident/${sysId}`, {
        method: 'PATCH', as: INTEGRATION, json: { category: 'network', work_notes: `Proposed by a test.\n\n[ref: ${REFERENCE}]` },
      });
      return { sys_id: sysId, version: body.result['sys_mod_count']!, undoes: REFERENCE, before: { category: '' }, written: { category: 'network' } };
    };
    const notes = (sysId: JsonObject[string] | undefined): number =>
      sandbox.store.rowsWhere('sys_journal_field', 'element_id', String(sysId)).filter((row) => row['element'] === 'work_notes').length;
    return {
      url: sandbox.url,
      credential: { kind: 'basic', username: 'countersign.integration', password: 'sandbox-integration' },
      settings: { integration_user: 'countersign.integration' },
      actions: {
        'incident.get': { parameters: async () => ({ sys_id: await raise() }) },
        'incident.query': { parameters: () => ({ query: 'active=true', fields: ['sys_id', 'number'], limit: 5 }) },
        'incidents.resolved': { parameters: () => ({}) },
        'choices.list': { parameters: () => ({}) },
        'group.resolve': { parameters: () => ({ name: 'Network Operations' }) },
        'priority.rules': { parameters: () => ({}) },
        'journal.find': { parameters: async () => ({ sys_id: await raise(), reference: REFERENCE }) },
        'attachment.find': { parameters: async () => ({ sys_id: await raise(), file_name: 'log.txt' }) },
        'group.get': { parameters: () => ({ sys_id: sandbox.store.rows('sys_user_group')[0]!['sys_id']! }) },
        'incident.update': {
          parameters: async () => ({ sys_id: await raise(), category: 'network', work_note: 'Proposed by a test.' }),
          effects: ({ sys_id }) => notes(sys_id),
        },
        'incident.undo-update': {
          parameters: async () => updated(await raise()),
          effects: ({ sys_id }) => notes(sys_id) - 1,
        },
        'incident.add-work-note': {
          parameters: async () => ({ sys_id: await raise(), work_note: 'Seen by a test.' }),
          effects: ({ sys_id }) => notes(sys_id),
        },
        'incident.attach': {
          parameters: async () => ({ sys_id: await raise(), file_name: 'log.txt', content_type: 'text/plain', content_base64: Buffer.from('a log').toString('base64') }),
          effects: ({ sys_id }) => sandbox.store.rowsWhere('sys_attachment', 'table_sys_id', String(sys_id)).length,
        },
      },
      stop: () => sandbox.stop(),
    };
  },
};
