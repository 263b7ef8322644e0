import type { X509Certificate } from 'node:crypto';
import type { ServerHttp2Session } from 'node:http2';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { clientAddress } from '@countersign/platform/http/client-address.ts';
import { agentExpired } from '../admission.ts';
import { presentedOn } from '../presented.ts';
import type { PeerFacts, Presented } from '../presented.ts';

const addressOf = clientAddress([]);
/** Whoever shows no certificate gets this long to enrol. */
const STRANGER_MS = 30_000;
/** What was just refused is to arrive before the connection goes. */
const FAREWELL_MS = 200;

/** One connection of an agent, or of who wants to be one: what it showed, which of its requests are held, and when it ends at the latest. */
export class AgentConnection {
  readonly presented: Presented;
  /** Whom it is counted against as long as it has shown nothing. Nobody is believed who says to forward for others. */
  readonly address: string;
  readonly #session: ServerHttp2Session;
  readonly #held = new Set<AbortController>();
  readonly #ending: NodeJS.Timeout;

  constructor(session: ServerHttp2Session, authority: X509Certificate, now: Date) {
    this.#session = session;
    this.presented = presentedOn(session.socket as unknown as PeerFacts, authority);
    this.address = addressOf({ headers: {}, socket: session.socket });
    const life_ms = this.presented.kind === 'agent' ? this.presented.endsAt.getTime() - now.getTime() : STRANGER_MS;
    this.#ending = setTimeout(() => this.end(this.presented.kind === 'agent' ? agentExpired() : strangerStayed()), Math.max(0, life_ms));
    this.#ending.unref();
    session.once('close', () => clearTimeout(this.#ending));
  }

  /** The signal of one request, until `release`. */
  hold(): { readonly signal: AbortSignal; readonly abort: (reason: Error) => void; readonly release: () => void } {
    const controller = new AbortController();
    this.#held.add(controller);
    return { signal: controller.signal, abort: (reason) => controller.abort(reason), release: () => void this.#held.delete(controller) };
  }

  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  /** Ends what is held with `reason`, and the connection. */
  end(reason: ApiError): void {
    for (const controller of this.#held) controller.abort(reason);
    this.close();
  }

  /** Takes nothing more; what was answered still goes out. */
  close(): void {
    if (!this.#session.closed) this.#session.close();
    setTimeout(() => this.#session.destroy(), FAREWELL_MS).unref();
  }
}

function strangerStayed(): ApiError {
  return new ApiError('certificate_invalid', `Without a certificate a connection lasts ${STRANGER_MS / 1_000} s.`);
}
