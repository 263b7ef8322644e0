import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EgressFactory } from '@countersign/connectors/gateway/instance-egresses.ts';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { GuardedEgress } from '@countersign/platform/egress/egress.ts';
import { Metrics } from '@countersign/platform/telemetry/metrics.ts';
import { readExposition } from '@countersign/platform/telemetry/testing/exposition.ts';
import { startOtlpReceiver } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import type { OtlpReceiver } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import { startTracing } from '@countersign/platform/telemetry/tracing.ts';
import type { Tracing } from '@countersign/platform/telemetry/spans.ts';
import { observedEgress } from './observed-egress.ts';

let receiver: OtlpReceiver;
let tracing: Tracing;
let peer: Server;
let seen: IncomingHttpHeaders;
let metrics: Metrics;
let create: EgressFactory;
let egress: GuardedEgress | undefined;
let status = 200;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  tracing = await startTracing({ endpoint: receiver.url, ratio: 1, service: { name: 'test', version: '1', instance: '1' }, delay_ms: 10 });
  peer = createServer((request, response) => {
    seen = request.headers;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"says":"canary-answer"}');
  });
  await new Promise<void>((resolve) => { peer.listen(0, '127.0.0.1', resolve); });
  metrics = new Metrics({ process: false });
  create = observedEgress(createEgress, metrics, tracing);
  status = 200;
});
afterEach(async () => {
  await egress?.close();
  await tracing.stop();
  await receiver.stop();
  peer.closeAllConnections();
  peer.close();
});

function open(traceparent: boolean): GuardedEgress {
  const host = `127.0.0.1:${(peer.address() as AddressInfo).port}`;
  egress = create({ baseUrl: `http://${host}`, allowedHosts: [host], declaredHosts: ['{instance}'] }, { connector: 'desk', traceparent });
  return egress;
}

it('counts a request and traces it by host and answer: path, query, credential, body and answer are nowhere', async () => {
  status = 404;
  await open(false).request({ method: 'POST', path: '/canary-path', query: { q: 'canary-query' }, credentialHeaders: { authorization: 'Bearer canary-secret' }, body: Buffer.from('canary-body') });
  const [span] = await receiver.until(({ length }) => length === 1);
  const { port } = peer.address() as AddressInfo;
  expect(span).toMatchObject({ name: 'POST', kind: 3, failed: true, attributes: { 'http.request.method': 'POST', 'http.response.status_code': 404, 'server.address': '127.0.0.1', 'server.port': port, 'error.type': '404' } });
  expect(readExposition(await metrics.text()).get('countersign_egress_requests_total')?.samples).toMatchObject([{ labels: { connector: 'desk', method: 'POST', answer: '4xx' }, value: 1 }]);
  expect(`${receiver.raw}${await metrics.text()}`).not.toContain('canary');
});

it('tells the peer of the trace only where its instance wants it', async () => {
  await open(false).request({ method: 'GET', path: '/x' });
  expect(seen['traceparent']).toBeUndefined();
  await egress!.close();
  await open(true).request({ method: 'GET', path: '/x' });
  const spans = await receiver.until(({ length }) => length === 2);
  expect(seen['traceparent']).toBe(`00-${spans[1]!.traceId}-${spans[1]!.spanId}-01`);
});

it('a peer that is away is counted by the code of the failure', async () => {
  const away = open(false);
  peer.close();
  peer.closeAllConnections();
  await expect(away.request({ method: 'GET', path: '/x' })).rejects.toMatchObject({ code: 'connect_failed' });
  expect(readExposition(await metrics.text()).get('countersign_egress_requests_total')?.samples).toMatchObject([{ labels: { answer: 'connect_failed' } }]);
});
