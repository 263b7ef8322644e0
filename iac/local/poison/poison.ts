import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { PoisonOptions } from './arguments.ts';
import { MAX_ATTEMPTS, OTHER_INSTANCE, OTHER_SECRET, PoisonedCell } from './poisoned-cell.ts';
import { GOOD_EVENT, POISONS } from './poisons.ts';
import type { Poison } from './poisons.ts';
import { PoisonTables } from './repository-poison.ts';
import { ticketId } from './tickets.ts';

export interface PoisonReport {
  readonly good: number;
  readonly good_finished: number;
  readonly bad: number;
  /** How each kind ended, with the reason, and how often. */
  readonly ends: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What is wrong: a bad one that ended without a reason or as a success, a good one that did not finish, one that was tried too often. */
  readonly findings: readonly string[];
  readonly most_claims_of_a_step: number;
  readonly took_ms: number;
}

const AT_ONCE = 8;
const REPLACED = 'a\ufffdticket';
const LOOK_MS = 250;
/** Nothing ends for so long: what is still open is told of. */
const STUCK_AFTER_MS = 60_000;

/** How a bad one ended. */
interface End { readonly poison: Poison; readonly reason: string | null; readonly what: string }

/** Sends good and bad ones, mixed, and reads what became of each. */
export async function poison({ bad, good }: PoisonOptions, say: (line: string) => void = () => undefined): Promise<PoisonReport> {
  const cell = await PoisonedCell.open();
  const tables = new PoisonTables(cell.scratch.url());
  try {
    const began = performance.now();
    const sender = new Sender(cell, tables);
    const every = Math.max(1, Math.floor(good / bad));
    const jobs = Array.from({ length: Math.max(good, bad * every) }, (_, n) => [...(n < good ? [() => sender.good(n)] : []), ...(n % every === 0 && n / every < bad ? [() => sender.bad(n / every)] : [])]).flat();
    await allAtMost(AT_ONCE, jobs);
    say(`${good} good and ${bad} bad ones are sent`);
    await sender.untilEnded();
    const { ends, findings, most } = await sender.judged(good);
    return {
      good, good_finished: good - findings.filter((finding) => finding.startsWith('good')).length, bad, ends: counted(ends),
      findings: [...findings, ...ends.filter(({ reason }) => reason === null).map(({ what }) => what)], most_claims_of_a_step: most, took_ms: Math.round(performance.now() - began),
    };
  } finally {
    await tables.close();
    await cell.stop();
  }
}

class Sender {
  readonly #cell: PoisonedCell;
  readonly #tables: PoisonTables;
  readonly #ends: End[] = [];
  /** Bad ones that are in, by what they are called. */
  readonly #deliveries = new Map<string, Poison>();
  readonly #tickets = new Map<string, Extract<Poison, { by: 'ticket' }>>();
  readonly #messages: Poison[] = [];
  readonly #refusedGood: string[] = [];

  constructor(cell: PoisonedCell, tables: PoisonTables) {
    this.#cell = cell;
    this.#tables = tables;
  }

  async good(n: number): Promise<void> {
    const { status, reply } = await this.#cell.webhook(GOOD_EVENT(n));
    if (status !== 202) this.#refusedGood.push(`good-${n} was answered ${status}: ${String(reply['code'])}`);
  }

  async bad(n: number): Promise<void> {
    const kind = n % POISONS.length;
    const poison = POISONS[kind] as Poison;
    switch (poison.by) {
      case 'webhook': return this.#webhook(poison, n);
      case 'delivery': return this.#delivery(poison, n);
      case 'message':
        this.#messages.push(poison);
        await this.#cell.queue.send([poison.text(this.#cell.tenantId, n)]);
        return;
      case 'ticket': {
        this.#tickets.set(ticketId(kind, n), poison);
        await this.#cell.webhook(JSON.stringify({ id: ticketId(kind, n), version: 0, operation: 'create', by: 'somebody' }));
      }
    }
  }

  /** Resolves when nothing is under way any more, and every bad message is with the dead letters. */
  async untilEnded(): Promise<void> {
    let last = '';
    let movedAt = performance.now();
    for (;;) {
      const [open, dead] = [await this.#tables.countOpen(), this.#cell.deadMessages()];
      if (open === 0 && dead >= this.#messages.length) return;
      if (`${open} ${dead}` !== last) movedAt = performance.now();
      last = `${open} ${dead}`;
      if (performance.now() - movedAt > STUCK_AFTER_MS) return;
      await delay(LOOK_MS);
    }
  }

  async judged(good: number): Promise<{ ends: readonly End[]; findings: string[]; most: number }> {
    const runs = new Map((await this.#tables.runs()).map((run) => [run.subject, run]));
    const findings = [...this.#refusedGood];
    for (let n = 0; n < good; n++) {
      const run = runs.get(`good-${n}`);
      if (run?.state !== 'succeeded') findings.push(`good-${n} ended as ${run?.state ?? 'nothing'} (${run?.code ?? 'no code'})`);
    }
    await this.#judgeDeliveries();
    for (const [id, poison] of this.#tickets) {
      const run = runs.get(id);
      const reason = poison.becomes === 'harmless' ? await this.#madeHarmless(id) : run?.state === 'failed' && run.code !== null ? `dead: ${run.code}` : null;
      this.#ended(poison, reason, `${id} (${poison.name}) ended as ${run?.state ?? 'nothing'}`);
    }
    const dead = this.#cell.deadMessages();
    this.#messages.forEach((poison, i) => this.#ended(poison, i < dead ? 'dead letter of the queue' : null, `${this.#messages.length - dead} bad messages are not with the dead letters`));
    const most = Math.max(0, ...[...runs.values()].map(({ claims }) => claims));
    if (most > MAX_ATTEMPTS) findings.push(`a step was claimed ${most} times, and may be tried ${MAX_ATTEMPTS} times`);
    for (const [id, reads] of this.#cell.tickets.reads) if (reads > MAX_ATTEMPTS) findings.push(`${id} was read ${reads} times`);
    return { ends: this.#ends, findings, most };
  }

  /** What the run kept, from under its seal, has the character that stands for what was taken out. */
  async #madeHarmless(subject: string): Promise<string | null> {
    const output = await this.#tables.output(subject);
    if (output === undefined) return null;
    const text = Buffer.from(await this.#cell.keys.unseal(this.#cell.tenantId, 'content', output.id, output.sealed)).toString('utf8');
    return text.includes(REPLACED) ? 'made harmless: replaced by U+FFFD' : null;
  }

  async #webhook(poison: Extract<Poison, { by: 'webhook' }>, n: number): Promise<void> {
    const { status, reply } = await this.#cell.webhook(poison.body(n), poison.secret === undefined ? undefined : OTHER_SECRET);
    const dropped = reply['dropped_because'];
    const reason = status >= 400 && status < 500 ? `refused: ${String(reply['code'])}` : status === 202 && typeof dropped === 'string' ? `dropped: ${dropped}` : null;
    this.#ended(poison, reason, `the webhook with ${poison.name} was answered ${status}`);
  }

  async #delivery(poison: Extract<Poison, { by: 'delivery' }>, n: number): Promise<void> {
    const { tenantId, instanceId } = this.#cell;
    const id = newId('delivery');
    const refused = await this.#tables.insertDelivery({
      id, tenantId, instanceId, placeId: poison.place === undefined ? null : OTHER_INSTANCE, event: poison.event ?? 'record.created', source: poison.source ?? 'webhook', payload: poison.payload(n),
    });
    if (refused === null) this.#deliveries.set(id, poison);
    else this.#ended(poison, `refused by PostgreSQL: ${refused}`, '');
  }

  async #judgeDeliveries(): Promise<void> {
    for (const { id, state, dropped_because } of await this.#tables.deliveries()) {
      const poison = this.#deliveries.get(id);
      if (poison !== undefined) this.#ended(poison, state === 'dropped' && dropped_because !== null ? `dropped: ${dropped_because}` : null, `the delivery with ${poison.name} is ${state}`);
    }
  }

  #ended(poison: Poison, reason: string | null, what: string): void {
    this.#ends.push({ poison, reason, what });
  }
}

async function allAtMost(atOnce: number, jobs: ReadonlyArray<() => Promise<void>>): Promise<void> {
  const left = jobs.values();
  await Promise.all(Array.from({ length: atOnce }, async () => { for (const job of left) await job(); }));
}

function counted(ends: readonly End[]): Record<string, Record<string, number>> {
  const table: Record<string, Record<string, number>> = {};
  for (const { poison: { by, name }, reason } of ends) {
    const row = table[`${by}: ${name}`] ??= {};
    const end = reason ?? 'WITHOUT A REASON';
    row[end] = (row[end] ?? 0) + 1;
  }
  return table;
}
