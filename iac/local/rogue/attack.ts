import { SELF } from '@countersign/agent/orders/testing/orders.ts';
import { CLOCK_ATTACKS } from './clock-attacks.ts';
import { policyRefusalOf } from './judge.ts';
import type { AgentLog, CaseReport } from './judge.ts';
import { ORDER_ATTACKS, REPLAY_SIGNED_ANEW } from './order-attacks.ts';
import type { Means, OrderAttack } from './order-attacks.ts';
import { KEY_ATTACKS, POLICY_ATTACKS, ROGUE_KEY } from './policy-attacks.ts';
import { KEY_SET_SEQ } from './rogue-cell.ts';
import type { Site } from './site.ts';
import { envelopeFor, orderIn, orderParts, POLICY_SEQ } from './ticket-orders.ts';
import type { Ticket } from './ticket-orders.ts';

/** One attack, before the log is read. */
export interface Attacked extends Omit<CaseReport, 'logged'> {
  readonly isLogged: (log: AgentLog) => boolean;
}

/** So many answers with a lie and the agent's clock goes by it, as far as it goes by any. */
const SAMPLES = 3;
const SOON_S = 3;

/** Everything that the cell tries once it is bad; each way leaves it as it found it. */
export class Attack {
  readonly #site: Site;
  readonly #good: Means['good'];

  constructor(site: Site, good: Means['good']) {
    this.#site = site;
    this.#good = good;
  }

  async byOrders(): Promise<Attacked[]> {
    // By itself: a cell is told by its id that it need not offer an order again.
    return [...await this.#orders(ORDER_ATTACKS), ...await this.#orders([REPLAY_SIGNED_ANEW])];
  }

  async byPolicy(): Promise<Attacked[]> {
    const { cell } = this.#site;
    const honest = cell.stand_in.bundle;
    const attacked: Attacked[] = [];
    for (const { name, code, bundle } of POLICY_ATTACKS) {
      attacked.push(await this.#refusing(name, code, async () => {
        const { bytes, digest } = await bundle(new Date());
        cell.stand_in.bundle = { body: bytes, seq: POLICY_SEQ + 1, digest };
      }));
    }
    cell.stand_in.bundle = honest;
    return [...attacked, ...await this.#byPolicyThatRanOut()];
  }

  async byKeys(): Promise<Attacked[]> {
    const { cell } = this.#site;
    const honest = cell.stand_in.keySet;
    const attacked: Attacked[] = [];
    for (const { name, envelope } of KEY_ATTACKS) {
      attacked.push(await this.#refusing(name, 'key_set_refused', () => {
        cell.stand_in.keySet = { seq: KEY_SET_SEQ + 1, envelope: envelope() };
      }));
      cell.stand_in.keySet = honest;
    }
    const order: OrderAttack = { name: 'signed by a key that it had brought itself', refusal: 'order_signature_invalid', order: ({ ticket, recipient, now }) => envelopeFor(orderParts(ticket, now), recipient, { signer: ROGUE_KEY }) };
    return [...attacked, ...await this.#orders([order])];
  }

  async byClock(): Promise<Attacked[]> {
    const { cell } = this.#site;
    const attacked: Attacked[] = [];
    for (const { name, off_ms, ...attack } of CLOCK_ATTACKS) {
      await cell.tellTime(off_ms, SAMPLES);
      attacked.push(...await this.#orders([{ ...attack, name: `a clock that is ${name}` }]));
    }
    return attacked;
  }

  /** It says what time it is, and serves what is newest, so that an honest order can be carried out again. */
  async repent(): Promise<void> {
    const { cell } = this.#site;
    await cell.tellTime(0, SAMPLES);
    await cell.serve(POLICY_SEQ + 2);
    await cell.until(() => cell.lastPoll?.policy.some(({ seq, state }) => state === 'fresh' && seq === POLICY_SEQ + 2) === true);
  }

  /** Good policy that nobody renews: an agent that cannot get newer does nothing. */
  async #byPolicyThatRanOut(): Promise<Attacked[]> {
    const { cell } = this.#site;
    await cell.serve(POLICY_SEQ + 1, SOON_S);
    await cell.until(() => cell.lastPoll?.policy.some(({ state }) => state === 'stale') === true);
    const attacked = await this.#orders([{ name: 'with policy that has run out', refusal: 'policy_behind', order: ({ ticket, recipient, now }) => envelopeFor(orderParts(ticket, now), recipient) }]);
    await this.repent();
    return attacked;
  }

  /** All of them at once, each about a ticket of its own, so that a call shows whose it is. */
  async #orders(attacks: readonly OrderAttack[]): Promise<Attacked[]> {
    const { cell, visits, tickets } = this.#site;
    const before = await visits.last();
    const forged = await Promise.all((await tickets(attacks.length)).map(async (ticket, i) => ({ attack: attacks[i]!, ticket, envelope: await attacks[i]!.order(this.#means(ticket)) })));
    await cell.offer(forged.map(({ envelope }) => envelope), () => forged.every(({ envelope }) => cell.refusalOf(envelope) !== null));
    const seen = await visits.since(before);
    return forged.map(({ attack: { name, refusal }, ticket, envelope }) => ({
      name, expected: refusal, refused_with: cell.refusalOf(envelope), calls: seen.filter(({ path }) => path.includes(ticket.sys_id) || path.includes(this.#goodTicket)).length,
      isLogged: (log) => log.hasRefusal(refusal, orderIn(envelope).id),
    }));
  }

  /** What is no order, but makes some good: whether it is refused. */
  async #refusing(name: string, code: string, change: () => void | Promise<void>): Promise<Attacked> {
    const { cell, visits } = this.#site;
    const before = { entry: cell.entries.length, visit: await visits.last() };
    await change();
    cell.say();
    await cell.until(() => policyRefusalOf(cell.entries, before.entry) !== null);
    return { name, expected: code, refused_with: policyRefusalOf(cell.entries, before.entry), calls: (await visits.since(before.visit)).length, isLogged: (log) => log.hasError(code) };
  }

  #means(ticket: Ticket): Means {
    return { ticket, recipient: this.#site.cell.stand_in.agent(SELF.agent_id).encryption_jwk, now: new Date(), good: this.#good };
  }

  get #goodTicket(): string {
    return this.#good.parts.sealed.target!.id;
  }
}
