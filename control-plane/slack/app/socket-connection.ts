import { SocketModeReceiver } from '@slack/bolt';
import type { webApi } from '@slack/bolt';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { boltLogger } from './bolt-logger.ts';
import { failureOf, tokenIsDead } from './slack-calls.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Socket Mode: we connect out, Slack sends down the connection. The SDK's own reconnecting is off: when Slack cannot be reached it ends in
 * a rejection that nobody can catch, which would end the process. Here the connection is taken up again for as long as it is wanted.
 */
export class SocketConnection {
  readonly receiver: SocketModeReceiver;
  readonly #log: Logger;
  readonly #tenantId: string;
  readonly #stop = new AbortController();
  #connected = false;
  #error: string | null = null;
  #running: Promise<void> | undefined;

  constructor(options: { readonly tenantId: string; readonly appToken: string; readonly clientOptions: webApi.WebClientOptions; readonly log: Logger }) {
    this.#log = options.log;
    this.#tenantId = options.tenantId;
    this.receiver = new SocketModeReceiver({
      appToken: options.appToken, autoReconnectEnabled: false, logger: boltLogger(options.log, options.tenantId),
      installerOptions: { clientOptions: options.clientOptions },
    });
  }

  get status(): { readonly connected: boolean; readonly error: string | null } {
    return { connected: this.#connected, error: this.#error };
  }

  start(): void {
    this.#running ??= this.#keepConnected();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #keepConnected(): Promise<void> {
    let pause_ms = FIRST_PAUSE_MS;
    while (!this.#stop.signal.aborted) {
      const lasted = await this.#connectOnce();
      pause_ms = lasted ? FIRST_PAUSE_MS : Math.min(pause_ms * 2, LONGEST_PAUSE_MS);
      await pause(pause_ms, this.#stop.signal);
    }
  }

  /** Gives whether a connection stood, once it stands no more. Slack ends each after some hours. */
  async #connectOnce(): Promise<boolean> {
    const { client } = this.receiver;
    const ended = Promise.withResolvers<void>();
    const onStop = (): void => { void client.disconnect().catch(() => undefined).finally(() => ended.resolve()); };
    const onEnd = (): void => ended.resolve();
    try {
      await client.start();
      client.once('disconnected', onEnd);
      this.#connected = true;
      this.#error = null;
      if (this.#stop.signal.aborted) onStop();
      else this.#stop.signal.addEventListener('abort', onStop, { once: true });
      await ended.promise;
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    } finally {
      this.#connected = false;
      client.off('disconnected', onEnd);
      this.#stop.signal.removeEventListener('abort', onStop);
    }
  }

  #note(error: unknown): void {
    const failure = failureOf(error);
    this.#error = failure.kind === 'refused' ? `Slack answered ${failure.error}${tokenIsDead(failure) ? ': check the app-level token' : ''}.` : 'Slack cannot be reached; trying again.';
    this.#log.warn({ err: error, tenant_id: this.#tenantId }, 'Socket Mode could not connect');
  }
}

function pause(pause_ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, pause_ms);
    stop.addEventListener('abort', done, { once: true });
  });
}
