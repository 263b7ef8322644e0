import { afterAll, beforeAll, expect, test } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { startOtlpReceiver } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import type { OtlpReceiver } from '@countersign/platform/telemetry/testing/otlp-receiver.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { createDesk } from '../testing/desk-instance.ts';
import type { DeskInstance } from '../testing/desk-instance.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

let receiver: OtlpReceiver;
let plane: ControlPlaneUnderTest;
let desk: DeskInstance;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0', COUNTERSIGN_OTLP_ENDPOINT: receiver.url });
  desk = await createDesk(plane);
});
afterAll(async () => {
  await plane.stop();
  await receiver.stop();
});

async function send(id: string, headers: Record<string, string>): Promise<{ traceparent: string | null }> {
  const body = JSON.stringify({ id, number: 'canary-of-a-ticket', version: 0, operation: 'insert', changed_by: 'abel.tuter' });
  const at = new Date();
  const signature = new Webhook(desk.secret).sign(`msg-${id}`, at, body);
  const reply = await plane.api('POST', desk.path, { key: null, body, headers: { 'webhook-id': `msg-${id}`, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': signature, ...headers } });
  expect(reply.status).toBe(202);
  return plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.one<{ traceparent: string | null }>({ name: 'test.trace', text: 'SELECT traceparent FROM execution.deliveries WHERE tenant_id = $1 AND id = $2' }, [plane.tenant.tenantId, reply.body['delivery_id']]));
}

test('the sender\'s trace goes on in a span of ours, and in the run; without one it begins here', async () => {
  const continued = await send('t-1', { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` });
  const begun = await send('t-2', {});
  const spans = await receiver.until((received) => received.filter(({ name }) => name.startsWith('ingest ')).length === 2);
  const [first, second] = spans.filter(({ name }) => name.startsWith('ingest '));
  expect(first).toMatchObject({ service: 'countersign-control-plane', kind: 2, traceId: TRACE, parentSpanId: '00f067aa0ba902b7' });
  expect(continued.traceparent).toBe(`00-${TRACE}-${first!.spanId}-01`);
  expect(begun.traceparent).toBe(`00-${second!.traceId}-${second!.spanId}-01`);
  for (const absent of ['canary', desk.secret]) expect(receiver.raw).not.toContain(absent);
});

test('a refused webhook is a span with the code of the refusal', async () => {
  const reply = await plane.api('POST', desk.path, { key: null, body: '{}', headers: { 'webhook-id': 'x' } });
  expect(reply.status).toBe(401);
  const spans = await receiver.until((received) => received.some(({ failed }) => failed));
  expect(spans.find(({ failed }) => failed)).toMatchObject({ attributes: { 'error.type': reply.body['code'] } });
});
