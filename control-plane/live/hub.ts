import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Change } from '@countersign/contracts/events/change.ts';
import type { Principal } from '../identity/principal.ts';

/** Kept for consoles that come back after a short break. */
const REMEMBERED = 1_000;
/** A console that reads this far behind is cut off; it comes back and resumes. */
const MAX_UNSENT_BYTES = 256 * 1024;
const HEARTBEAT_MS = 15_000;
/** Each asks the database at each beat. More tabs than this nobody looks at. */
const MAX_STREAMS_OF_ONE = 32;

interface Remembered {
  readonly no: number;
  readonly change: Change;
}

interface Stream {
  readonly principal: Principal;
  readonly response: ServerResponse;
  /** Whose changes it hears; as of the last beat. */
  workspaces: ReadonlySet<string>;
}

/** In which workspaces a principal may hear what changes; null: may not listen any more. */
export type HearingOf = (principal: Principal) => Promise<ReadonlySet<string> | null>;

/** Things that are never the whole tenant's: a change of one that does not say its workspace, of an older sender, is not passed on. */
const OF_A_WORKSPACE: ReadonlySet<Change['kind']> = new Set<Change['kind']>(['run', 'approval', 'break_glass', 'agent']);

/**
 * Server-sent events (WHATWG HTML, 9.2) to the open consoles of each tenant: of the workspaces in which one may read, and of the tenant
 * itself. Ids are `<this process>-<number>`: a console that names one of this process gets what it missed; any other gets a `resync` event and reads everything anew.
 */
export class Hub {
  readonly #epoch = randomBytes(4).toString('hex');
  readonly #streams = new Set<Stream>();
  readonly #remembered: Remembered[] = [];
  readonly #hearingOf: HearingOf;
  #no = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(hearingOf: HearingOf) {
    this.#hearingOf = hearingOf;
  }

  start(): void {
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  stop(): void {
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams) this.#close(stream);
  }

  /** Gives what opens a stream on a response and keeps it until either side ends. */
  async streamTo(principal: Principal, lastEventId: string | undefined): Promise<(response: ServerResponse) => void> {
    const workspaces = await this.#hearingOf(principal) ?? new Set();
    return (response) => this.#open({ principal, response, workspaces }, lastEventId);
  }

  #open(stream: Stream, lastEventId: string | undefined): void {
    const { response } = stream;
    // Who went away meanwhile would never be seen to close.
    if (response.destroyed) return;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    response.write('retry: 2000\n: connected\n\n');
    this.#resume(stream, lastEventId);
    this.#cutOldest(stream.principal);
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

  /** Whoever opens too many loses the oldest, which has been left behind most likely; a console that is there comes back by itself. */
  #cutOldest({ tenantId, id }: Principal): void {
    const own = [...this.#streams].filter(({ principal }) => principal.tenantId === tenantId && principal.id === id);
    for (const stream of own.slice(0, Math.max(0, own.length + 1 - MAX_STREAMS_OF_ONE))) this.#close(stream);
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
    if (!hears(stream, change)) return;
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
      void this.#hearAnew(stream);
    }
  }

  /** When the database cannot be asked the stream stays as it is: it only ever carries ids, and the next beat asks again. */
  async #hearAnew(stream: Stream): Promise<void> {
    const workspaces = await this.#hearingOf(stream.principal).catch(() => stream.workspaces);
    if (workspaces === null) this.#close(stream);
    else stream.workspaces = workspaces;
  }

  #close(stream: Stream): void {
    this.#streams.delete(stream);
    stream.response.end();
  }
}

function hears({ principal, workspaces }: Stream, { tenant_id, workspace_id, kind }: Change): boolean {
  if (tenant_id !== principal.tenantId) return false;
  return workspace_id === null ? !OF_A_WORKSPACE.has(kind) : workspaces.has(workspace_id);
}
