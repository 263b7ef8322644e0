import { X509Certificate } from 'node:crypto';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import { AGENT_VERSION } from '../version.ts';
import type { AgentParts } from '../wiring.ts';
import { STATUS_EVERY_MS, writeStatus } from './status-file.ts';
import type { AgentStatus } from './status-file.ts';

/** Writes down every few seconds how the agent is, for who asks on this machine. */
export class StatusWriter {
  readonly #config: AgentConfig;
  readonly #agent: AgentParts;
  readonly #log: Logger;
  readonly #machine: () => Date;
  readonly #started_at: string;
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #last: AgentStatus | null = null;

  constructor(config: AgentConfig, agent: AgentParts, log: Logger, machine: () => Date) {
    this.#config = config;
    this.#agent = agent;
    this.#log = log;
    this.#machine = machine;
    this.#started_at = machine().toISOString();
  }

  start(): void {
    void this.write('running');
    this.#timer = setInterval(() => void this.write('running'), STATUS_EVERY_MS);
  }

  /** One after the other; a disk that is full keeps nobody from working. */
  write(state: AgentStatus['state']): Promise<void> {
    if (state !== 'running') clearInterval(this.#timer);
    const status = this.#now(state);
    this.#written = this.#written.then(() => writeStatus(this.#config.state_dir, status)).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'The status could not be written');
    });
    return this.#written;
  }

  /** The spool is closed by now: what it held is what it held last. */
  stop(): Promise<void> {
    return this.write('stopped');
  }

  #now(state: AgentStatus['state']): AgentStatus {
    const at = this.#machine().toISOString();
    if (state === 'stopped' && this.#last !== null) return { ...this.#last, state, at, session: { ...this.#last.session, connected: false } };
    const { held, clock, policy, runner, session, spool } = this.#agent;
    const { agent_id, cell_url, pool, environment, certificate_pem } = held.now;
    const { state: room, seq, delivered_seq, bytes, limit_bytes } = spool.room();
    this.#last = {
      at, pid: process.pid, version: AGENT_VERSION, started_at: this.#started_at, state, agent_id, cell_url, pool, environment: environment.name,
      session: session.view, certificate_expires_at: new X509Certificate(certificate_pem).validToDate.toISOString(),
      clock: { offset_ms: Math.round(clock.offset_ms()), trusted: clock.isTrusted() },
      policy: policy.held(), orders: { under_way: runner.underWay(), free: runner.free(), capacity: this.#config.capacity },
      spool: { state: room, seq, delivered_seq, bytes, limit_bytes }, memory_bytes: process.memoryUsage.rss(),
    };
    return this.#last;
  }
}
