/**
 * The business rule of the sandbox: after each insert and update of an incident it posts a small signed message to the
 * webhook, once, as an asynchronous rule with `sn_ws.RESTMessageV2` does: no retry, 30 s at most, the user's save not
 * kept waiting. Signature: Standard Webhooks (`v1,` HMAC-SHA256 in base64 over `id.timestamp.body`).
 */
import { createHmac } from 'node:crypto';
import type { WrittenRecord } from './record-writes.ts';

export interface WebhookTarget {
  url: string;
  /** `whsec_` and base64. */
  secret: string;
}

/** `reorder` holds every other message until the next has gone; `duplicate` posts each twice; `suppress` loses them. */
export type DeliveryMode = 'normal' | 'suppress' | 'duplicate' | 'reorder';

export const DELIVERY_MODES: readonly DeliveryMode[] = ['normal', 'suppress', 'duplicate', 'reorder'];

export interface Delivery {
  seq: number;
  at: string;
  webhook_id: string;
  table: string;
  number: string;
  operation: 'insert' | 'update';
  outcome: 'posting' | 'answered' | 'failed' | 'suppressed' | 'held';
  status: number | null;
  error: string | null;
  duration_ms: number | null;
}

interface Message {
  id: string;
  body: string;
  written: WrittenRecord;
}

const TIME_OUT_MS = 30_000;
const KEPT = 5_000;

export class WebhookRule {
  readonly #now: () => Date;
  readonly #stopping = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  #target: WebhookTarget | undefined;
  #mode: DeliveryMode = 'normal';
  #held: Message | undefined;
  #deliveries: Delivery[] = [];
  #seq = 0;

  constructor(target: WebhookTarget | undefined, now: () => Date) {
    this.#target = target;
    this.#now = now;
  }

  get mode(): DeliveryMode {
    return this.#mode;
  }

  /** Where messages go, without the secret. */
  get url(): string | null {
    return this.#target?.url ?? null;
  }

  setTarget(target: WebhookTarget | undefined): void {
    this.#target = target;
  }

  /** Changes how messages are delivered; one that was held back goes out first. */
  setMode(mode: DeliveryMode): void {
    this.release();
    this.#mode = mode;
  }

  /** Posts the message held back by `reorder`, if there is one. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#post(held);
  }

  deliveriesSince(seq: number): Delivery[] {
    return this.#deliveries.filter((delivery) => delivery.seq > seq);
  }

  clear(): void {
    this.#deliveries = [];
    this.#held = undefined;
  }

  /** The rule itself; returns at once. */
  afterWrite(written: WrittenRecord): void {
    if (written.table !== 'incident' || this.#target === undefined) return;
    const message = messageOf(written);
    switch (this.#mode) {
      case 'suppress':
        this.#record(message, 'suppressed');
        return;
      case 'duplicate':
        this.#post(message);
        this.#post(message);
        return;
      case 'reorder':
        if (this.#held === undefined) {
          this.#held = message;
          this.#record(message, 'held');
        } else {
          this.#post(message);
          this.release();
        }
        return;
      case 'normal':
        this.#post(message);
    }
  }

  /** Cuts what is under way; resolves when nothing is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#inFlight);
  }

  #post(message: Message): void {
    const target = this.#target;
    if (target === undefined || this.#stopping.signal.aborted) return;
    const delivery = this.#record(message, 'posting');
    const posting = this.#deliver(target, message, delivery).finally(() => this.#inFlight.delete(posting));
    this.#inFlight.add(posting);
  }

  async #deliver(target: WebhookTarget, message: Message, delivery: Delivery): Promise<void> {
    const started = performance.now();
    try {
      delivery.status = await postSigned(target, message, Math.floor(this.#now().getTime() / 1000), this.#stopping.signal);
      delivery.outcome = 'answered';
    } catch (error) {
      delivery.error = reasonOf(error);
      delivery.outcome = 'failed';
    }
    delivery.duration_ms = Math.round(performance.now() - started);
  }

  #record(message: Message, outcome: Delivery['outcome']): Delivery {
    this.#seq += 1;
    const { table, operation, row } = message.written;
    const delivery: Delivery = {
      seq: this.#seq, at: this.#now().toISOString(), webhook_id: message.id, table, number: row['number'] ?? '', operation,
      outcome, status: null, error: null, duration_ms: null,
    };
    this.#deliveries.push(delivery);
    if (this.#deliveries.length > KEPT) this.#deliveries = this.#deliveries.slice(-KEPT / 2);
    return delivery;
  }
}

/** The Standard Webhooks signature of a message. Throws where the secret is not `whsec_` and base64. */
export function signMessage(secret: string, id: string, timestamp_s: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp_s}.${body}`).digest('base64')}`;
}

function messageOf(written: WrittenRecord): Message {
  const { row, table, operation } = written;
  const field = (name: string): string => row[name] ?? '';
  const body = { table, sys_id: field('sys_id'), number: field('number'), sys_mod_count: field('sys_mod_count'), operation, sys_updated_by: field('sys_updated_by') };
  return { id: `${body.sys_id}.${body.sys_mod_count}`, body: toAscii(JSON.stringify(body)), written };
}

/** As the business rule for customers does: no byte of the body depends on an encoding. */
function toAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function postSigned(target: WebhookTarget, message: Message, timestamp_s: number, stopping: AbortSignal): Promise<number> {
  const response = await fetch(target.url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      'webhook-id': message.id,
      'webhook-timestamp': String(timestamp_s),
      'webhook-signature': signMessage(target.secret, message.id, timestamp_s, message.body),
    },
    body: message.body,
    signal: AbortSignal.any([stopping, AbortSignal.timeout(TIME_OUT_MS)]),
  });
  await response.body?.cancel();
  return response.status;
}

/** Words for the delivery log: the reason, never a header. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
