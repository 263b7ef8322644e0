import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { EgressFactory } from '@countersign/connectors/gateway/instance-egresses.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { GatewayLog } from '@countersign/connectors/gateway/parts.ts';
import type { CredentialVault } from '@countersign/connectors/gateway/ports.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import type { UnsealingKey } from '@countersign/platform/sealing/jwe.ts';
import type { TrustedClock } from '../clock/trusted-clock.ts';
import { pause } from '../clock/waits.ts';
import type { ConnectionConfig } from '../config/agent-config.ts';
import { RunningOrder, RunningOrders } from '../gateway/running-order.ts';
import type { OrderClock } from '../gateway/running-order.ts';
import type { AgentPolicy, OrderRunner } from '../ports.ts';
import { SpoolError } from '../spool/errors.ts';
import type { Spool } from '../spool/spool.ts';
import type { Watches } from '../triggers/watches.ts';
import { acceptOrder, RecentDigests } from './accept-order.ts';
import type { Intake, KeptContent } from './accept-order.ts';
import { carryOut } from './carry-out.ts';
import type { HeldKeys } from './held-keys.ts';
import { OrderQueue } from './order-queue.ts';
import type { AgentSelf } from './verify-order.ts';

export interface OrderRunnerOptions {
  readonly self: AgentSelf;
  readonly keys: HeldKeys;
  readonly encryptionKey: UnsealingKey;
  readonly clock: TrustedClock;
  readonly spool: Spool;
  readonly policy: AgentPolicy;
  /** Orders at a time. */
  readonly capacity: number;
  readonly connections: readonly ConnectionConfig[];
  readonly vault: CredentialVault;
  /** As the cell last said. */
  readonly killSwitches: () => readonly AgentKillSwitch[];
  readonly log: GatewayLog;
  /** `free` may say something else. */
  readonly changed: () => void;
  /** Default: those of this version (`agent/connectors.ts`). */
  readonly connectors?: ReadonlyMap<string, Connector>;
  /** How connections are made; tests count them. */
  readonly egress?: EgressFactory;
}

/** What carries orders out is loaded with the first of them: an agent without work does without its memory. */
interface Workshop {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly gateway: RunningGateway;
  readonly watches: Watches;
}

/** What could not be written because the disk is full is tried again after this long. */
const FULL_RETRY_MS = 30_000;

/** Takes the orders of the cell and carries them out, those of one step one after another, and those that a stop of the agent cut short to their end. */
export function createOrderRunner(options: OrderRunnerOptions): OrderRunner {
  return new Runner(options);
}

class Runner implements OrderRunner {
  readonly #options: OrderRunnerOptions;
  readonly #orders = new RunningOrders();
  readonly #clock: OrderClock;
  readonly #queue: OrderQueue;
  readonly #toldRefused = new RecentDigests();
  readonly #closing = new AbortController();
  #workshop: Promise<Workshop> | null = null;
  #isDraining = false;

  constructor(options: OrderRunnerOptions) {
    this.#options = options;
    this.#clock = { now: () => options.clock.now(), monotonic: () => performance.now() };
    this.#queue = new OrderQueue(options.capacity, options.changed);
  }

  async take(envelope: unknown): Promise<Intake> {
    const { self, keys, encryptionKey, clock, spool, policy, killSwitches, connections } = this.#options;
    const { connectors } = await this.#loaded();
    const isHere = (name: string, connector: string): boolean => connections.some((connection) => connection.name === name && connection.connector === connector);
    const connectorOf = (name: string, connector: string): Connector | undefined => (isHere(name, connector) ? connectors.get(connector) : undefined);
    const intake = await acceptOrder({
      spool, killSwitches, toldRefused: this.#toldRefused, verifier: { self, keys, encryptionKey, now: this.#clock.now, connectorOf },
      isClockTrusted: () => clock.isTrusted(), isDraining: () => this.#isDraining, signedAt: (at) => clock.notBefore(at), policySeq: (scope, seq) => policy.seq(scope, seq),
    }, envelope);
    if (intake.kind === 'accepted') await this.#begin(intake.verified, false);
    return intake;
  }

  async resume(): Promise<void> {
    const open = await this.#options.spool.commit((tx) => tx.openOrders().map(({ id }) => id));
    for (const id of open) await this.#goOn(id);
  }

  free(): number {
    return this.#isDraining ? 0 : Math.max(0, Math.min(this.#options.capacity - this.#queue.ids().length, this.#options.spool.room().orders));
  }

  underWay(): readonly string[] {
    return this.#queue.ids();
  }

  drain(): void {
    this.#isDraining = true;
  }

  undrain(): void {
    this.#isDraining = false;
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async close(): Promise<void> {
    this.#isDraining = true;
    this.#closing.abort();
    const workshop = await this.#workshop?.catch(() => null);
    await workshop?.watches.close();
    await this.#queue.idle();
    await workshop?.gateway.close();
  }

  /** What the spool has of an order that has not ended: gone on with where it can be, and only looked up where something may have been sent. */
  async #goOn(id: string): Promise<void> {
    const { spool, log } = this.#options;
    const { content, mayHaveSent } = await spool.commit((tx) => {
      const kept = tx.content(id) as KeptContent | undefined;
      const { call_id, idempotency_key } = kept?.order ?? { call_id: null, idempotency_key: null };
      const call = call_id === null || idempotency_key === null ? undefined : tx.call(call_id, idempotency_key);
      return { content: kept, mayHaveSent: kept?.order.kind === 'execute' && call?.call_id === call_id && call?.order_id === id && call.state !== 'failed' };
    });
    if (content === undefined) return log.error({ order_id: id }, 'the spool does not say what an order was; it is left as it is');
    await this.#begin(content, mayHaveSent);
  }

  async #begin(content: KeptContent, findsOut: boolean): Promise<void> {
    const { order } = content;
    const { watches } = await this.#loaded();
    if (order.kind === 'watch') return watches.put(content);
    this.#queue.add(order.id, order.identity.step.id, () => this.#run(content, findsOut));
  }

  /** To its end, or to the end of the agent. */
  async #run(content: KeptContent, findsOut: boolean): Promise<void> {
    const { spool, log } = this.#options;
    const { gateway } = await this.#loaded();
    const running = new RunningOrder(content, this.#clock, { findsOut, signal: this.#closing.signal });
    try {
      await carryOut({ gateway, orders: this.#orders, spool, log }, running);
    } catch (error) {
      log.error({ err: error, order_id: content.order.id }, 'how an order ended could not be written down');
      if (!(error instanceof SpoolError) || error.code !== 'spool_full') return;
      await pause(FULL_RETRY_MS, this.#closing.signal);
      if (!this.#closing.signal.aborted) await this.#run(content, running.hasIntended);
    }
  }

  #loaded(): Promise<Workshop> {
    return this.#workshop ??= this.#load();
  }

  async #load(): Promise<Workshop> {
    const { connections, vault, policy, spool, killSwitches, log, egress } = this.#options;
    const [{ AGENT_CONNECTORS }, { createAgentGateway }, { Watches }] = await Promise.all([
      import('../connectors.ts'), import('../gateway/agent-gateway.ts'), import('../triggers/watches.ts'),
    ]);
    const connectors = this.#options.connectors ?? AGENT_CONNECTORS;
    const parts = { orders: this.#orders, spool, clock: this.#clock, log };
    const own = egress === undefined ? {} : { egress };
    const gateway = createAgentGateway({ ...parts, ...own, connectors: connectors.values(), connections, vault, policy, killSwitches });
    return { connectors, gateway, watches: new Watches({ ...parts, gateway, isDraining: () => this.#isDraining }, connectors) };
  }
}
