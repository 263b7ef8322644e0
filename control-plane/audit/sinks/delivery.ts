import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip as gzipWith } from 'node:zlib';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { BoundFetch } from '../../outbound/bound-fetch.ts';
import { dueDeliveries, markSink, putOffDelivery, readNext, storeDelivered } from './repository-sinks.ts';
import type { DueDelivery, NextEvent } from './repository-sinks.ts';
import { isTaken, postSigned, webhookSigner } from './signed-post.ts';
import { formatEvent } from './sink-formats.ts';
import type { SinkFormat } from './sink-formats.ts';

export interface DeliveryParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetchTo: (url: string) => BoundFetch;
}

/** What is sent at once: the lines, and between which events they stand. */
export interface Batch {
  readonly first: string;
  readonly last: string;
  readonly lines: readonly string[];
}

const AT_ONCE = 500;
const MOST_BYTES = 1_000_000;
const HOUR_MS = 3_600_000;
const gzip = promisify(gzipWith);

/**
 * Takes every sink of the tenant a step further: a batch of each of its chains, in order. A position moves on when the sink has the batch and not
 * before, so that a sink gets every event at least once; nothing is skipped, however long a sink is away. Gives whether anything was delivered.
 */
export async function deliverToSinks(tenantId: string, parts: DeliveryParts): Promise<boolean> {
  let delivered = false;
  for (const due of await parts.database.forTenant(tenantId, (tx) => dueDeliveries(tx, tenantId))) delivered = await deliverOne(tenantId, due, parts) || delivered;
  return delivered;
}

async function deliverOne(tenantId: string, due: DueDelivery, parts: DeliveryParts): Promise<boolean> {
  const { database } = parts;
  const batch = batchOf(due, await database.forTenant(tenantId, (tx) => readNext(tx, tenantId, due, AT_ONCE)));
  if (batch === null) return false;
  try {
    if (batch.lines.length > 0) await send(tenantId, due, batch, parts);
  } catch (error) {
    await putOff(tenantId, due, error as Error, parts);
    return false;
  }
  await database.forTenant(tenantId, async (tx) => {
    await storeDelivered(tx, tenantId, due, batch.last);
    if (due.failing_since !== null && await markSink(tx, tenantId, due.id, false)) await say(tx, tenantId, due, 'audit.sink_recovered', parts.clock);
  });
  return true;
}

/** As many events as fit; those that the sink does not ask for are passed by. */
function batchOf(due: DueDelivery, events: readonly NextEvent[]): Batch | null {
  const [first] = events;
  if (first === undefined) return null;
  const lines: string[] = [];
  let [bytes, last] = [0, first.seq];
  for (const { seq, type, recorded_at, body } of events) {
    const line = isAskedFor(due.types, type) ? formatEvent(due.format, { chain: due.chain, seq: Number(seq), type, recorded_at, event: body === null ? null : JSON.parse(body) as AuditEvent }, due.shows_sensitive) : null;
    if (line !== null && lines.length > 0 && bytes + line.length > MOST_BYTES) break;
    if (line !== null) lines.push(line);
    bytes += line?.length ?? 0;
    last = seq;
  }
  return { first: first.seq, last, lines };
}

/** `approval.*` is all of a kind. */
function isAskedFor(types: readonly string[] | null, type: string): boolean {
  return types === null || types.some((one) => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : one === type));
}

/** @throws TypeError for an answer other than 2xx */
async function send(tenantId: string, due: DueDelivery, batch: Batch, parts: DeliveryParts): Promise<void> {
  const { text, type } = messageOf(due.format, batch.lines);
  if (due.kind === 's3') {
    const key = `t/${tenantId}/siem/${due.id}/${due.chain.split('/')[1]}/${batch.first.padStart(16, '0')}-${batch.last.padStart(16, '0')}.${due.format === 'cef' ? 'log' : 'json'}.gz`;
    // What was put before a crash is there with the same bytes.
    await parts.objects.put(key, await gzip(text));
    return;
  }
  const secret = await parts.keys.unseal(tenantId, 'identity', due.id, due.secret_sealed ?? new Uint8Array());
  const status = await postSigned(parts.fetchTo(due.endpoint), due.endpoint, { id: `${due.id}.${hash('sha256', `${due.chain}/${batch.first}-${batch.last}`, 'hex').slice(0, 24)}`, text, secret, at: parts.clock.now(), type, key: await webhookSigner(parts, tenantId) });
  if (!isTaken(status)) throw new TypeError(`The sink answered ${status}.`);
}

/** What is sent of these lines, and what it is. */
export function messageOf(format: SinkFormat, lines: readonly string[]): { readonly text: string; readonly type: string } {
  return format === 'cef' ? { text: `${lines.join('\n')}\n`, type: 'text/plain; charset=utf-8' } : { text: `[${lines.join(',')}]`, type: 'application/json' };
}

async function putOff(tenantId: string, due: DueDelivery, error: Error, { database, clock, log }: DeliveryParts): Promise<void> {
  await database.forTenant(tenantId, async (tx) => {
    await putOffDelivery(tx, tenantId, due, Math.min(HOUR_MS, 1_000 * 2 ** Math.min(due.attempts, 12)), error.message.slice(0, 500));
    if (due.failing_since === null && await markSink(tx, tenantId, due.id, true)) await say(tx, tenantId, due, 'audit.sink_failed', clock);
  });
  log.warn({ tenant_id: tenantId, sink_id: due.id, said: error.message }, 'a sink did not take events; it is tried again: see docs/runbooks/a-sink-lags.md');
}

async function say(tx: Parameters<typeof appendAudit>[0], tenantId: string, due: DueDelivery, type: 'audit.sink_failed' | 'audit.sink_recovered', clock: Clock): Promise<void> {
  await appendAudit(tx, {
    at: clock.now(), type, tenant_id: tenantId, workspace_id: due.chain.split('/')[1] ?? '', run_id: null, actor: { kind: 'system', id: 'sinks' }, subject: { kind: 'audit_sink', id: due.id }, data: {},
  });
}
