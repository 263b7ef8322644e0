import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Action, Connector, JsonObject, Prepared } from '../../sdk/connector.ts';
import { checkManifest } from '../../sdk/load-manifest.ts';
import type { InstanceView } from '../ports.ts';
import { instanceOf, testGateway } from './test-gateway.ts';
import type { TestGateway, TestGatewayOptions } from './test-gateway.ts';

const OBJECT = { type: 'object', additionalProperties: true } as const;

export const manifestOf = (risk: ActionManifest['risk'], changes: Partial<ActionManifest> = {}): ActionManifest => ({
  title: 'Do it', risk, reversible: true, idempotent: false, reconcile: false, parameters: OBJECT, output: OBJECT, output_labels: ['trusted_system'],
  sensitive_parameters: [], content_parameters: [], redact: [], timeout_ms: 5_000, ...changes,
});

const prepared = (parameters: JsonObject): Prepared => ({ parameters, target: { id: 't1', label: 'T1', version: '1' }, preview: { title: 'Write', fields: [], additions: [] } });
export const READ: Action = { execute: async (context, parameters) => ({ output: (await context.egress.request({ method: 'POST', path: '/read', json: parameters })).json() as JsonObject }) };
export const WRITE: Action = {
  prepare: async (context, parameters) => prepared({ ...parameters, reference: context.referenceFor(parameters) }),
  execute: async (context, parameters) => {
    await context.egress.request({ method: 'POST', path: '/write', json: parameters });
    return { output: { written: true } };
  },
};

/** A connector `notes`, instances of it that are peers over real sockets, and what reached each of them. */
export class NotesWorld {
  readonly received: Array<{ readonly instance: string; readonly path: string; readonly body: JsonObject }> = [];
  readonly #servers: Server[] = [];
  readonly #open: TestGateway[] = [];

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map(({ gateway }) => gateway.close()));
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  }

  connector(actions: Readonly<Record<string, readonly [ActionManifest, Action]>>, name = 'notes'): Connector {
    return {
      ...checkManifest({ name, version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['none'], actions: Object.fromEntries(Object.entries(actions).map(([action, [manifest]]) => [action, manifest])) }),
      actions: Object.fromEntries(Object.entries(actions).map(([action, [, code]]) => [action, code])),
    };
  }

  async instance(connector: Connector, name: string): Promise<InstanceView> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        this.received.push({ instance: name, path: request.url ?? '', body: text === '' ? {} : JSON.parse(text) as JsonObject });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"text":"hello"}');
      });
    });
    this.#servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return instanceOf(connector, { id: `ins_${name}`, name, baseUrl: `http://${host}`, allowedHosts: [host] });
  }

  gateway(options: TestGatewayOptions): TestGateway {
    const made = testGateway(options);
    this.#open.push(made);
    return made;
  }
}
