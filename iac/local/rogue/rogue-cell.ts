import { setTimeout as delay } from 'node:timers/promises';
import { CELL_KEY, SELF, signedKeySet } from '@countersign/agent/orders/testing/orders.ts';
import { agentBundle, BUNDLE_KEY, keySetWith } from '@countersign/agent/policy/testing/bundles.ts';
import { AgentCell } from '@countersign/agent/testing/agent-cell.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { PollRequest } from '@countersign/contracts/agent/protocol.ts';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { refusalOf } from './judge.ts';
import { POLICY_SEQ } from './ticket-orders.ts';

/** An agent gives time to a cell that answers one poll after the other with nothing: a poll that was held for so long is none of those. */
const POLL_HELD_MS = 1_100;
const SAID_AT_ONCE = 3;
/** Longer than it lies about the time: what it does not answer at all does no harm. */
const CERTIFICATE_MS = 24 * 3_600_000;
const PATIENCE_MS = 20_000;
export const KEY_SET_SEQ = 2;

/** The agent port as the stand-in serves it, honest until a case makes it otherwise. The agent's authority, its address and its certificate stay good. */
export class RogueCell {
  readonly stand_in: AgentCell;
  #said = 0;

  private constructor(standIn: AgentCell) {
    this.stand_in = standIn;
  }

  static async start(): Promise<RogueCell> {
    const standIn = await AgentCell.start({ poll_held_ms: POLL_HELD_MS, certificate_ms: CERTIFICATE_MS });
    standIn.keySet = { seq: KEY_SET_SEQ, envelope: signedKeySet(keySetWith(KEY_SET_SEQ, [BUNDLE_KEY.inKeySet]), CELL_KEY) };
    const cell = new RogueCell(standIn);
    await cell.serve(POLICY_SEQ);
    return cell;
  }

  /** A good bundle of this number. */
  async serve(seq: number, expires_in_s = 3_600): Promise<void> {
    const now = new Date();
    const { bytes, digest } = await agentBundle(now, { seq, exp: Math.floor(now.getTime() / 1_000) + expires_in_s });
    this.stand_in.bundle = { body: bytes, seq, digest };
  }

  get entries(): readonly SpoolEntry[] {
    return this.stand_in.agents.size === 0 ? [] : this.stand_in.entries(SELF.agent_id);
  }

  get lastPoll(): PollRequest | undefined {
    return this.stand_in.agents.get(SELF.agent_id)?.polls.at(-1);
  }

  /** Ends the poll that is held; every third is left to end by itself, so that the agent goes on asking at once. */
  say(): void {
    this.#said = (this.#said + 1) % SAID_AT_ONCE;
    if (this.#said !== 0) this.stand_in.say();
  }

  refusalOf(envelope: DsseEnvelope): OrderRefusal | null {
    return refusalOf(this.entries, envelope);
  }

  /** Hands out orders until `holds`, or until it is clear that it never will; then nothing more of them, nor of what they began. */
  async offer(envelopes: readonly DsseEnvelope[], holds: () => boolean): Promise<void> {
    this.stand_in.orders.push(...envelopes);
    this.say();
    await this.until(holds);
    this.stand_in.orders.length = 0;
    await this.until(() => this.lastPoll?.under_way.length === 0);
  }

  /** Whether `holds` came to hold within half a minute, looked at after every request of the agent. */
  async until(holds: () => boolean): Promise<boolean> {
    const ended = new AbortController();
    const late = delay(PATIENCE_MS, false, { signal: ended.signal }).catch(() => false);
    const seen = await Promise.race([this.stand_in.until(holds).then(() => true), late]);
    ended.abort();
    return seen;
  }

  /** Says from now on that it is `off_ms` later than it is, until the agent has heard it `samples` times. */
  async tellTime(off_ms: number, samples: number): Promise<void> {
    this.stand_in.now = () => new Date(Date.now() + off_ms);
    for (let heard = 0; heard < samples; heard += 1) {
      const polls = this.#polls;
      this.say();
      await this.until(() => this.#polls > polls);
    }
  }

  get #polls(): number {
    return this.stand_in.agent(SELF.agent_id).polls.length;
  }
}
