import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Strike } from '../strikes.ts';
import { fateOf } from './faults.ts';
import type { Fate } from './faults.ts';
import type { Journal, JournalLine } from './journal.ts';

export interface LedgerOptions {
  readonly seed: number;
  readonly journal: Journal;
  /** In order of their moments. */
  readonly strikes: readonly Strike[];
  /** Carries out a strike and resolves when it is done; what met it is held meanwhile. `worker`: who sent the request. */
  readonly strike: (strike: Strike, worker: string) => Promise<void>;
}

/** Between two strikes of a kind: a worker that was killed needs a moment to be replaced, or nobody would be left. */
const REST_MS: Readonly<Record<Strike['does'], number>> = { kill: 1_000, pause: 200, crash_postgres: 3_000 };

/**
 * A strike may have to wait until somebody is left to work. An effect may not: after the action's time (1.5 s) and a second everybody may take it that
 * what is not there will not come, and a peer that lets it happen later than that can be written to twice by anybody.
 */
const MOST_HELD_MS = 1_000;

interface Effect {
  readonly action: JournalLine['action'];
  readonly record: string;
  readonly value: string;
  readonly reference: string;
  readonly worker: string;
  readonly received_at_ms: number;
}

/**
 * The system of record of a chaos run: a real HTTP server with records, notes and effects that can be looked up by the reference they came
 * with. It is slow now and then, loses answers, refuses, breaks before or after an effect, and writes down what really happened.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #server: Server;
  readonly #categories = new Map<string, { category: string; version: number }>();
  /** What was written, by action and reference. A change is applied however often it is sent; a note once for its reference. */
  readonly #applied = new Map<string, Effect>();
  readonly #seen = new Map<string, number>();
  readonly #due: Strike[];
  /** Until when nothing of a kind is done again. */
  readonly #resting = new Map<Strike['does'], number>();
  #requests = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#due = [...options.strikes];
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests += 1;
    const url = new URL(request.url ?? '', 'http://ledger');
    const [, kind = '', id = ''] = url.pathname.split('/').map(decodeURIComponent);
    const worker = String(request.headers['x-worker'] ?? '');
    const body = await bodyOf(request);
    const received_at_ms = Date.now();
    void this.#strikeAnywhere(worker);
    const name = `${request.method} ${url.pathname}${url.search}`;
    const fate = fateOf(this.#options.seed, name, this.#nth(name));
    if (fate.latency_ms > 0) await delay(fate.latency_ms);
    if (fate.fault === 'busy') return send(response, 429, { error: 'slow down' }, { 'retry-after': '0' });
    if (fate.fault === 'broken_before') return send(response, 503, { error: 'later' });
    if (request.method === 'GET') return this.#read(kind, id, url, fate, response);
    const [action, value] = kind === 'records' ? ['record.update', body['category']] as const : ['note.put', body['text']] as const;
    await this.#write({ action, record: id, value: String(value), reference: String(body['reference']), worker, received_at_ms }, fate, response);
  }

  #read(kind: string, id: string, url: URL, fate: Fate, response: ServerResponse): void {
    if (fate.fault === 'answer_lost') return void response.destroy();
    if (fate.fault === 'broken_after') return send(response, 500, { error: 'broken' });
    if (kind === 'effects') return send(response, 200, { found: this.#applied.has(`record.update ${url.searchParams.get('reference')}`) });
    send(response, 200, this.#record(id));
  }

  async #write(effect: Effect, fate: Fate, response: ServerResponse): Promise<void> {
    const before = this.#take('sending');
    if (before !== undefined) await Promise.race([this.#options.strike(before, effect.worker), delay(MOST_HELD_MS)]);
    const answer = this.#apply(effect);
    const after = this.#take('sent');
    if (after !== undefined) await this.#options.strike(after, effect.worker);
    if (fate.fault === 'answer_lost') return void response.destroy();
    if (fate.fault === 'broken_after') return send(response, 500, { error: 'broken' });
    send(response, 200, answer);
  }

  #apply(effect: Effect): Record<string, unknown> {
    const name = `${effect.action} ${effect.reference}`;
    const repeated = effect.action === 'note.put' && this.#applied.has(name);
    if (!repeated) {
      this.#applied.set(name, effect);
      if (effect.action === 'record.update') this.#categories.set(effect.record, { category: effect.value, version: this.#record(effect.record).version + 1 });
    }
    this.#options.journal.append({ ...effect, became: repeated ? 'repeated' : 'applied' });
    return effect.action === 'record.update' ? this.#record(effect.record) : { reference: effect.reference };
  }

  #record(id: string): { id: string; title: string; category: string; version: number } {
    return { id, title: `ticket ${id}`, ...(this.#categories.get(id) ?? { category: 'none', version: 0 }) };
  }

  #nth(name: string): number {
    const nth = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, nth);
    return nth;
  }

  async #strikeAnywhere(worker: string): Promise<void> {
    const strike = this.#take('anywhere');
    if (strike === undefined) return;
    await delay(strike.delay_ms);
    await this.#options.strike(strike, worker);
  }

  /** The next strike of this kind whose moment has come, unless the last of what it does is too fresh. */
  #take(where: Strike['where']): Strike | undefined {
    const now = performance.now();
    const at = this.#due.findIndex((strike) => strike.where === where && strike.from_request <= this.#requests && now >= (this.#resting.get(strike.does) ?? 0));
    const [strike] = at === -1 ? [] : this.#due.splice(at, 1);
    if (strike !== undefined) this.#resting.set(strike.does, now + REST_MS[strike.does]);
    return strike;
  }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
}
