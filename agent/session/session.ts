import { hash } from 'node:crypto';
import type { PollAnswer, PollRequest } from '@countersign/contracts/agent/protocol.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { keepFloor } from '../clock/kept-floor.ts';
import type { TrustedClock } from '../clock/trusted-clock.ts';
import type { HeldIdentity } from '../enrolment/held-identity.ts';
import type { AgentKeys } from '../enrolment/identity.ts';
import type { HeldKeys } from '../orders/held-keys.ts';
import type { AgentPolicy, OrderRunner } from '../ports.ts';
import { SpoolError } from '../spool/errors.ts';
import type { Spool } from '../spool/spool.ts';
import type { Upgrades } from '../upgrade/upgrades.ts';
import type { CellLink } from './cell-link.ts';
import { DeliverLoop } from './deliver-loop.ts';
import { SessionError } from './errors.ts';
import { keepKillSwitches } from './kept-kill-switches.ts';
import { PollLoop } from './poll-loop.ts';
import type { AgentState } from './poll.ts';
import { Renewal } from './renewal.ts';
import { watchSleep } from './sleep-watch.ts';
import type { SleepWatch } from './sleep-watch.ts';

export interface SessionParts {
  readonly link: CellLink;
  readonly held: HeldIdentity;
  readonly keys: AgentKeys;
  readonly orderKeys: HeldKeys;
  readonly clock: TrustedClock;
  /** This machine's own clock. */
  readonly machine: () => Date;
  readonly spool: Spool;
  readonly runner: OrderRunner;
  readonly policy: AgentPolicy;
  readonly upgrades?: Pick<Upgrades, 'told' | 'heard'>;
  /** As they were kept over a restart. */
  readonly killSwitches: PollAnswer['kill_switches'];
  /** What the configuration says of this agent. */
  readonly about: Pick<PollRequest, 'version' | 'capacity' | 'labels' | 'connections'>;
  readonly log: Logger;
  /** What only a person can help with: the agent is to end. */
  readonly onEnd: (reason: SessionError) => void;
  readonly random?: () => number;
  /** So long a poll may take. */
  readonly poll_answer_ms?: number;
}

/** What the cell says when a certificate is none any more. Nothing that is tried again changes that. */
const ENDING = ['agent_expired', 'agent_revoked'];
/** A correction of the clock that is told: less is the network's. */
const CLOCK_MOVED_MS = 60_000;

/** An agent's life with its cell: asks for work, delivers what came of it, and keeps its certificate and clock good, for as long as it runs. */
export class Session {
  readonly #parts: SessionParts;
  readonly #poll: PollLoop;
  readonly #deliver: DeliverLoop;
  readonly #renewal: Renewal;
  #sleep: SleepWatch | undefined;
  #refused: string[] = [];
  #killSwitches: PollAnswer['kill_switches'];
  #told: { readonly free: number; readonly policy: string } = { free: 0, policy: '' };
  #clockTold = { offset_ms: 0, trusted: true };
  #keysRefusedLast: string | null = null;
  #isForked = false;
  #isStopping = false;
  #lastError: string | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#killSwitches = parts.killSwitches;
    const { link, held, keys, orderKeys, clock, machine, spool, random, poll_answer_ms } = parts;
    const jitter = random === undefined ? {} : { random };
    this.#poll = new PollLoop({
      link, act: (answer) => this.#act(answer), onFailure: (error, wait_ms) => this.#failed('The cell could not be asked for work', error, wait_ms), ...jitter,
      polled: {
        spool, clock, machine, keys: orderKeys, refused: () => this.#refused, state: () => this.#state(),
        keepKeys: () => held.change({ key_set: orderKeys.set }), onKeysRefused: (envelope) => this.#keysRefused(envelope),
        ...(poll_answer_ms === undefined ? {} : { answer_ms: poll_answer_ms }),
      },
    });
    this.#deliver = new DeliverLoop({
      link, spool, onForked: (error) => this.#forked(error), ...jitter,
      onFailure: (error, wait_ms) => this.#failed('What happened here could not be delivered', error, wait_ms),
    });
    this.#renewal = new Renewal({
      held, keys, clock, link, onRenewed: () => this.#renewed(), ...jitter,
      onFailure: (error, wait_ms) => this.#failed('The certificate could not be renewed', error, wait_ms),
    });
  }

  /** As the cell last said. One that was not heard to be released still stands. */
  get killSwitches(): PollAnswer['kill_switches'] {
    return this.#killSwitches;
  }

  /** How it stands, for `status`. */
  get view(): SessionView {
    const { isConnected, heard_at } = this.#parts.link;
    return {
      connected: isConnected, last_contact: heard_at?.toISOString() ?? null, last_error: this.#lastError,
      renewal_due: this.#renewal.due.toISOString(), forked: this.#isForked,
    };
  }

  start(): void {
    this.#poll.start();
    this.#deliver.start();
    this.#renewal.start();
    this.#sleep = watchSleep((slept_ms) => this.#awoke(slept_ms));
  }

  /** How many more orders there is room for, or the policy that is held, has changed: told at once where the cell counts on something else. */
  changed(): void {
    const { free, policy } = this.#signs();
    if ((this.#told.free === 0 && free > 0) || policy !== this.#told.policy) this.#poll.tellNow();
  }

  /** Takes no more work. What is under way goes on, and is delivered. */
  drain(): void {
    this.#isStopping = true;
    this.#parts.runner.drain();
    this.#poll.tellNow();
  }

  /** Resolves when the cell has everything. */
  caughtUp(): Promise<void> {
    return this.#deliver.caughtUp();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#sleep?.stop();
    const stopped = Promise.all([this.#poll.stop(), this.#deliver.stop(), this.#renewal.stop()]);
    this.#parts.link.close();
    await stopped;
  }

  #state(): AgentState {
    const { runner, policy, about, upgrades } = this.#parts;
    const upgrade = upgrades?.told();
    this.#told = this.#signs();
    return {
      ...about, ...(upgrade === undefined ? {} : { upgrade }),
      free: this.#told.free, under_way: runner.underWay(), draining: this.#isStopping, policy: policy.held(), memory_bytes: process.memoryUsage.rss(),
    };
  }

  #signs(): { readonly free: number; readonly policy: string } {
    const { runner, policy } = this.#parts;
    return {
      free: this.#isStopping || this.#isForked ? 0 : runner.free(),
      policy: policy.held().map(({ scope, seq, state }) => `${scope} ${seq ?? '-'} ${state}`).join(),
    };
  }

  /** Gives whether the cell had work that was not here. */
  async #act({ orders, policy, kill_switches, state, upgrade }: PollAnswer): Promise<boolean> {
    const { runner, log } = this.#parts;
    if (this.#lastError !== null) log.info({ cell: this.#parts.held.now.cell_url }, 'The cell answers again');
    if (!this.#isForked) this.#lastError = null;
    this.#killSwitches = kill_switches;
    // The answer shows that the cell has heard of these.
    this.#refused = [];
    this.#parts.policy.told(policy);
    this.#parts.upgrades?.heard(upgrade);
    if (state === 'draining') runner.drain();
    else if (!this.#isStopping && !this.#isForked) runner.undrain();
    if (this.#parts.spool.room().state !== 'damaged') await this.#keepWhatWasSaid();
    // Side by side: they wait for the same disk, and for the same policy where the cell released one a moment ago. The next poll waits for all of them.
    const taken = await Promise.all(orders.map((envelope) => this.#take(envelope)));
    return taken.includes(true);
  }

  async #take(envelope: unknown): Promise<boolean> {
    const { runner, log } = this.#parts;
    const intake = await runner.take(envelope);
    if (intake.kind === 'accepted') {
      const { id, kind, action } = intake.verified.order;
      log.info({ order_id: id, kind, action }, 'An order was taken');
    }
    if (intake.kind === 'refused') {
      const { order_id, refusal, alarm, message } = intake;
      if (order_id !== null) this.#refused.push(order_id);
      log[alarm ? 'error' : 'warn']({ order_id, refusal, alarm }, `An order was refused: ${message}`);
    }
    return intake.kind === 'accepted';
  }

  /** What people have stopped, and the newest time that was signed, outlive a restart; that the clock has moved is told. */
  async #keepWhatWasSaid(): Promise<void> {
    const { clock, spool, log } = this.#parts;
    const now = { offset_ms: Math.round(clock.offset_ms()), trusted: clock.isTrusted() };
    const isMoved = now.trusted !== this.#clockTold.trusted || Math.abs(now.offset_ms - this.#clockTold.offset_ms) > CLOCK_MOVED_MS;
    await spool.commit((tx) => {
      keepFloor(clock, tx);
      keepKillSwitches(tx, this.#killSwitches);
      if (isMoved) tx.append('clock.changed', now);
    });
    if (!isMoved) return;
    this.#clockTold = now;
    if (now.trusted) log.warn(now, 'The clock of this machine is off; it is corrected by what the cell says');
    else log.error(now, 'The clock of this machine is further from the cell\'s than is believed: no orders are taken. Set it, with NTP for example');
  }

  /** Told once, however often it comes. */
  async #keysRefused(envelope: DsseEnvelope): Promise<void> {
    const { spool, held, orderKeys, log } = this.#parts;
    const digest = hash('sha256', JSON.stringify(envelope), 'hex');
    if (digest === this.#keysRefusedLast) return;
    await spool.append('policy.refused', { scope: held.now.policy_scope, code: 'key_set_refused', seq: null });
    this.#keysRefusedLast = digest;
    log.error({ code: 'key_set_refused', held: orderKeys.seq }, 'Keys that the cell sent are older than those held, or signed by none of them: they are not believed');
  }

  #renewed(): void {
    this.#parts.log.info({ renewal_due: this.#renewal.due.toISOString() }, 'The certificate was renewed');
    this.#poll.tellNow();
  }

  #forked(error: unknown): void {
    this.#isForked = true;
    this.#parts.runner.drain();
    this.#lastError = messageOf(error);
    this.#parts.log.error({ err: error }, 'The spool cannot be delivered, and no work is taken until a person has looked: countersign-agent spool');
    this.#poll.tellNow();
  }

  #awoke(slept_ms: number): void {
    this.#parts.log.info({ slept_ms: Math.round(slept_ms) }, 'The machine was asleep, or its clock was set: the cell is connected to anew');
    this.#parts.link.cut();
    for (const loop of [this.#poll, this.#deliver, this.#renewal]) loop.tryNow();
  }

  #failed(what: string, error: unknown, wait_ms: number): void {
    if (this.#isStopping && error instanceof SessionError) return;
    if (error instanceof SpoolError && error.code === 'spool_damaged' && !this.#isForked) this.#forked(error);
    this.#lastError = messageOf(error);
    this.#parts.log.warn({ err: error, again_in_ms: Math.round(wait_ms) }, what);
    if (error instanceof SessionError && ENDING.includes(error.problem?.code ?? '')) this.#parts.onEnd(error);
  }
}

export interface SessionView {
  readonly connected: boolean;
  readonly last_contact: string | null;
  readonly last_error: string | null;
  readonly renewal_due: string;
  /** The cell holds something else than this spool: a person has to look. */
  readonly forked: boolean;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
