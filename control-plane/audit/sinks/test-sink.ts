import { newId } from '@countersign/platform/ids/typeid.ts';
import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { actorOf } from '../../identity/principal.ts';
import type { Principal } from '../../identity/principal.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import { messageOf } from './delivery.ts';
import type { DeliveryParts } from './delivery.ts';
import { findSinkToTest } from './repository-sinks.ts';
import { isTaken, postSigned, webhookSigner } from './signed-post.ts';
import { formatEvent } from './sink-formats.ts';

type Tested = Extract<Answer<'testSink'>, { status: 200 }>['body'];
type SinkToTest = NonNullable<Awaited<ReturnType<typeof findSinkToTest>>>;

/**
 * Sends a sink one event in its format, labelled as a test, and says what became of it. The event is in no chain (`seq` 0) and moves no position; that
 * it was sent is in the audit. What the receiver says besides its status is not passed on.
 */
export async function testSink({ principal, path }: Call<'testSink'>, parts: DeliveryParts): Promise<Answer<'testSink'>> {
  const { tenantId } = principal;
  const home = refuseUnlessHome(principal);
  const sink = await parts.database.forTenant(tenantId, (tx) => findSinkToTest(tx, tenantId, path.sink_id));
  if (sink === undefined) throw new ApiError('not_found', 'There is no such sink.');
  const event = testEvent(principal, home, sink.id, parts.clock.now());
  const tested = await sendTest(sink, event, parts);
  await parts.database.forTenant(tenantId, (tx) => appendAudit(tx, { ...event, at: parts.clock.now(), data: { change: 'tested', status: tested.status, is_test: false } }));
  return { status: 200, body: tested };
}

/** The same type and members as what follows it in the audit, so that whatever reads the one reads the other. */
function testEvent(principal: Principal, workspaceId: string, sinkId: string, at: Date): Omit<AuditEvent, 'id' | 'at'> & { readonly at: Date } {
  return {
    at, type: 'audit.sink_changed', tenant_id: principal.tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal), subject: { kind: 'audit_sink', id: sinkId },
    data: { change: 'tested', status: null, is_test: true },
  };
}

async function sendTest(sink: SinkToTest, event: ReturnType<typeof testEvent>, parts: DeliveryParts): Promise<Tested> {
  const id = newId('audit_event');
  const line = formatEvent(sink.format, { chain: chainOf(event.tenant_id, event.workspace_id), seq: 0, type: event.type, recorded_at: event.at, event: { ...event, id, at: event.at.toISOString() } }, sink.shows_sensitive);
  const message = messageOf(sink.format, [line]);
  const began = performance.now();
  const took = (): number => Math.round(performance.now() - began);
  try {
    if (sink.kind === 's3') {
      const key = `${sink.endpoint}test/${id}.${sink.format === 'cef' ? 'log' : 'json'}`;
      await parts.objects.put(key, Buffer.from(message.text));
      return { delivered: true, status: null, detail: `Put as ${key}.`, took_ms: took() };
    }
    const secret = await parts.keys.unseal(event.tenant_id, 'identity', sink.id, sink.secret_sealed ?? new Uint8Array());
    const status = await postSigned(parts.fetchTo(sink.endpoint), sink.endpoint, { id: `${sink.id}.test.${id}`, ...message, secret, at: event.at, key: await webhookSigner(parts, event.tenant_id) });
    return { delivered: isTaken(status), status, detail: isTaken(status) ? `The receiver answered ${status}.` : `The receiver answered ${status}, which is not taken for delivered: events would be kept and sent again.`, took_ms: took() };
  } catch (error) {
    return { delivered: false, status: null, detail: `Nothing was answered: ${(error as Error).message}`.slice(0, 500), took_ms: took() };
  }
}
