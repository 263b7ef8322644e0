import type { ConformanceSubject } from '../conformance/subject.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { servicenow } from './connector.ts';
import { startSandbox } from './sandbox/server.ts';
import { call } from './sandbox/testing/client.ts';

/** ServiceNow before its sandbox. */
export const conformance: ConformanceSubject = {
  connector: servicenow,
  async start() {
    const sandbox = await startSandbox({ incidents: 60 });
    const raise = async (): Promise<string> => {
      const { body } = await call<{ tickets: Array<{ sys_id: string }> }>(sandbox.url, '/sandbox/tickets', { json: { count: 1, short_description: 'VPN drops' } });
      return body.tickets[0]!.sys_id;
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
        'choices.list': { parameters: () => ({}) },
        'group.resolve': { parameters: () => ({ name: 'Network Operations' }) },
        'priority.rules': { parameters: () => ({}) },
        'journal.find': { parameters: async () => ({ sys_id: await raise(), reference: 'run_1/abcdef123456' }) },
        'incident.update': {
          parameters: async () => ({ sys_id: await raise(), category: 'network', work_note: 'Proposed by a test.' }),
          effects: ({ sys_id }) => notes(sys_id),
        },
      },
      stop: () => sandbox.stop(),
    };
  },
};
