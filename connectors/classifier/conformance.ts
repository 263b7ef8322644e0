import type { ConformanceSubject } from '../conformance/subject.ts';
import { instanceOf } from '../gateway/testing/test-gateway.ts';
import { servicenow } from '../servicenow/connector.ts';
import { startSandbox } from '../servicenow/sandbox/server.ts';
import { classifier } from './connector.ts';

/** The built-in model, which reaches nothing itself and learns through the ServiceNow connector. */
export const conformance: ConformanceSubject = {
  connector: classifier,
  async start() {
    const sandbox = await startSandbox({ incidents: 200 });
    return {
      url: null,
      credential: null,
      actions: {
        train: { model: 'classifier/local', parameters: () => ({ source: 'snow', limit: 150 }) },
        generate: {
          model: 'classifier/local', after: ['train'],
          parameters: () => ({ model: 'classifier/local', source: 'snow', input: { short_description: 'VPN drops every few minutes' } }),
        },
      },
      alongside: {
        connectors: [servicenow],
        instances: [instanceOf(servicenow, { id: 'ins_snow', name: 'snow', baseUrl: sandbox.url, allowedHosts: [new URL(sandbox.url).host], credentialId: 'cred_snow' })],
        credentials: { cred_snow: { kind: 'basic', username: 'countersign.integration', password: 'sandbox-integration' } },
      },
      stop: () => sandbox.stop(),
    };
  },
};
