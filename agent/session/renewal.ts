import type { TrustedClock } from '../clock/trusted-clock.ts';
import type { HeldIdentity } from '../enrolment/held-identity.ts';
import type { AgentKeys } from '../enrolment/identity.ts';
import { renew, renewalTime } from '../enrolment/renew.ts';
import { backoff } from './backoff.ts';
import type { CellLink } from './cell-link.ts';
import { Rest } from './rest.ts';

export interface RenewalParts {
  readonly held: HeldIdentity;
  readonly keys: AgentKeys;
  readonly clock: TrustedClock;
  readonly link: CellLink;
  readonly onRenewed: () => void;
  readonly onFailure: (error: unknown, wait_ms: number) => void;
  readonly random?: () => number;
}

/** The clock may be corrected while it is waited, and no timer runs while a machine sleeps. */
const LOOK_MS = 30_000;

/** Renews the certificate at half of its life, and moves the link to the new one. */
export class Renewal {
  readonly #parts: RenewalParts;
  readonly #rest = new Rest();
  readonly #random: () => number;
  #due: Date;
  #stopped = false;
  #failures = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: RenewalParts) {
    this.#parts = parts;
    this.#random = parts.random ?? Math.random;
    this.#due = this.#nextDue();
  }

  get due(): Date {
    return this.#due;
  }

  start(): void {
    this.#running = this.#run();
  }

  tryNow(): void {
    this.#rest.end();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rest.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const left_ms = this.#due.getTime() - this.#parts.clock.now().getTime();
      const wait_ms = left_ms > 0 ? Math.min(left_ms, LOOK_MS) : await this.#turn();
      if (!this.#stopped) await this.#rest.for(wait_ms);
    }
  }

  async #turn(): Promise<number> {
    const { held, keys, link, onRenewed, onFailure } = this.#parts;
    try {
      if (!link.isConnected) return LOOK_MS / 10;
      await renew(held, keys, await link.connected());
      this.#due = this.#nextDue();
      this.#failures = 0;
      await link.replace();
      onRenewed();
      return 0;
    } catch (error) {
      this.#failures += 1;
      const wait_ms = backoff(this.#failures, this.#random());
      onFailure(error, wait_ms);
      return wait_ms;
    }
  }

  #nextDue(): Date {
    return renewalTime(this.#parts.held.now.certificate_pem, this.#random());
  }
}
