import type { App, Receiver } from '@slack/bolt';

/** What Slack is answered with: nothing, a text, or an object such as `{response_action}`. */
export type Acknowledgement = undefined | string | Record<string, unknown>;

/** Slack waits this long; what is not acknowledged by then is acknowledged empty, and goes on behind it. */
const ACK_WITHIN_MS = 2_500;

/** Hands verified requests to Bolt. Our own server receives them (`slack/requests.ts`), so there is nothing to start or stop. */
export class HttpReceiver implements Receiver {
  #app: App | undefined;

  init(app: App): void {
    this.#app = app;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** @param body the parsed interaction, command or event */
  receive(body: Record<string, unknown>, retry: { readonly retryNum?: number; readonly retryReason?: string } = {}): Promise<Acknowledgement> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => resolve(undefined), ACK_WITHIN_MS);
      const ack = (answer?: unknown): Promise<void> => {
        clearTimeout(late);
        resolve(answer === undefined || answer === '' ? undefined : answer as Acknowledgement);
        return Promise.resolve();
      };
      // A listener that went through without acknowledging leaves nothing to wait for.
      this.#app?.processEvent({ body, ack, ...retry }).then(() => ack(), (error: unknown) => {
        clearTimeout(late);
        reject(error instanceof Error ? error : new TypeError(String(error)));
      });
    });
  }
}
