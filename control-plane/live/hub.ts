import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Change } from '@countersign/contracts/events/change.ts';
import type { Principal } from '../identity/principal.ts';

/** Kept for consoles that come back after a short break. */
const REMEMBERED = 1_000;
/** A console that reads this far behind is cut off; it comes back and resumes. */
const MAX_UNSENT_BYTES = 256 * 1024;
const HEARTBEAT_MS = 15_000;

interface Remembered {
  readonly no: number;
  readonly change: Change;
}

interface Stream {
  readonly principal: Principal;
  readonly response: ServerResponse;
}

/**
 * Server-sent events (WHATWG HTML, 9.2) to the open consoles of each tenant. Ids are `<this process>-<number>`: a console that
 * names one of this process gets what it missed; any other gets a `resync` event and reads everything anew.
 */
export class Hub {
  readonly #epoch = randomBytes(4).toString('hex');
  readonly #streams = new Set<Stream>();
  readonly #remembered: Remembered[] = [];
  readonly #isStillValid: (principal: Principal) => Promise<boolean>;
  #no = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(isStillValid: (principal: Principal) => Promise<boolean>) {
    this.#isStillValid = isStillValid;
  }

  start(): void {
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  stop(): void {
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams) this.#close(stream);
  }

  /** Opens a stream on `response` and keeps it until either side ends. */
  open(principal: Principal, lastEventId: string | undefined, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    const stream = { principal, response };
    response.write('retry: 2000\n: connected\n\n');
    this.#resume(stream, lastEventId);
    this.#streams.add(stream);
    response.once('close', () => this.#streams.delete(stream));
  }

  publish(change: Change): void {
    this.#no += 1;
    const remembered = { no: this.#no, change };
    this.#remembered.push(remembered);
    if (this.#remembered.length > REMEMBERED) this.#remembered.shift();
    for (const stream of this.#streams) this.#send(stream, remembered);
  }

  /** Changes may have been missed: every console reads anew. */
  resyncAll(): void {
    for (const stream of this.#streams) stream.response.write(this.#resyncEvent());
  }

  endSession(sessionId: string): void {
    for (const stream of this.#streams) {
      if (stream.principal.via.kind === 'session' && stream.principal.via.sessionId === sessionId) this.#close(stream);
    }
  }

  #resume(stream: Stream, lastEventId: string | undefined): void {
    if (lastEventId === undefined) return;
    const [epoch, no] = lastEventId.split('-');
    const oldest = this.#remembered[0]?.no ?? this.#no + 1;
    const known = epoch === this.#epoch && /^\d{1,15}$/.test(no ?? '') && Number(no) + 1 >= oldest;
    if (!known) stream.response.write(this.#resyncEvent());
    else for (const remembered of this.#remembered) if (remembered.no > Number(no)) this.#send(stream, remembered);
  }

  #send(stream: Stream, { no, change }: Remembered): void {
    if (change.tenant_id !== stream.principal.tenantId) return;
    const { kind, id, state } = change;
    stream.response.write(`id: ${this.#epoch}-${no}\ndata: ${JSON.stringify({ kind, id, state })}\n\n`);
    if (stream.response.writableLength > MAX_UNSENT_BYTES) this.#close(stream);
  }

  #resyncEvent(): string {
    return `event: resync\nid: ${this.#epoch}-${this.#no}\ndata: {}\n\n`;
  }

  /** A comment every 15 s keeps proxies from closing the stream; whoever may no longer listen is found out at the same time. */
  #beat(): void {
    for (const stream of this.#streams) {
      stream.response.write(': still here\n\n');
      void this.#closeUnlessValid(stream);
    }
  }

  /** When the database cannot be asked the stream stays: it only ever carries ids, and the next beat asks again. */
  async #closeUnlessValid(stream: Stream): Promise<void> {
    const valid = await this.#isStillValid(stream.principal).catch(() => true);
    if (!valid) this.#close(stream);
  }

  #close(stream: Stream): void {
    this.#streams.delete(stream);
    stream.response.end();
  }
}
