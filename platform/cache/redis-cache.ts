import { Redis, ReplyError } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { CacheError } from './errors.ts';

/** A script that Redis runs as one step. The text is the documentation. */
export interface Script {
  readonly name: string;
  readonly keys: number;
  readonly lua: string;
}

export interface RedisCacheOptions {
  /** `redis://[user:password@]host:port[/database]`, or `rediss://` over TLS. */
  readonly url: string;
  /** Told of what breaks, once each time that it begins. */
  readonly onError: (error: unknown) => void;
}

/** Redis is asked because it is quick; one that is not is no use. */
const ANSWER_WITHIN_MS = 250;
const CONNECT_WITHIN_MS = 2_000;
/** After a failure everybody does without it for so long, instead of waiting for it again and again. */
const REST_MS = 1_000;
const LONGEST_RECONNECT_MS = 2_000;

/** One Redis, for what may be lost. It never waits for long and never queues: without an answer the caller does without. */
export class RedisCache {
  readonly #client: Redis;
  readonly #options: RedisCacheOptions;
  #subscriber: Redis | undefined;
  #restUntil = -Infinity;

  constructor(options: RedisCacheOptions) {
    this.#options = options;
    this.#client = new Redis(options.url, { ...CONNECTION, enableOfflineQueue: false, commandTimeout: ANSWER_WITHIN_MS });
    this.#client.on('error', () => this.#rest());
    this.#client.on('ready', () => { this.#restUntil = -Infinity; });
  }

  /** Resolves when Redis answers, or with what is wrong when it does not. */
  async connect(): Promise<void> {
    await this.#client.connect().catch((error: unknown) => this.#options.onError(this.#unreachable(error)));
  }

  /** @throws CacheError */
  async run(script: Script, keys: readonly string[], values: ReadonlyArray<string | number>): Promise<unknown> {
    return this.#ask(() => this.#client.eval(script.lua, script.keys, ...keys, ...values));
  }

  /** Tells everybody who listens now; whoever does not, never hears of it. @throws CacheError */
  async publish(channel: string, payload: string): Promise<void> {
    await this.#ask(() => this.#client.publish(channel, payload));
  }

  /**
   * Calls `onMessage` with what is published from now on, and `onGap` whenever some of it may have been missed. Resolves when it listens; where
   * Redis does not answer it goes on trying behind the scenes.
   */
  async subscribe(channel: string, onMessage: (payload: string) => void, onGap: () => void): Promise<void> {
    const subscriber = new Redis(this.#options.url, { ...CONNECTION, autoResubscribe: false });
    this.#subscriber = subscriber;
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_channel, payload) => onMessage(payload));
    subscriber.on('close', onGap);
    const listens = new Promise<void>((resolve) => {
      subscriber.on('ready', () => void subscriber.subscribe(channel).then(() => (onGap(), resolve()), this.#options.onError));
    });
    await subscriber.connect().then(() => listens, (error: unknown) => this.#options.onError(this.#unreachable(error)));
  }

  close(): void {
    this.#client.disconnect();
    this.#subscriber?.disconnect();
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#restUntil) throw this.#unreachable(undefined);
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof ReplyError) throw new CacheError('cache_refused', `Redis refused: ${(cause as Error).message}. Look at its memory and at the permissions of its user.`, { cause });
      const began = performance.now() >= this.#restUntil;
      this.#rest();
      const error = this.#unreachable(cause);
      if (began) this.#options.onError(error);
      throw error;
    }
  }

  #rest(): void {
    this.#restUntil = performance.now() + REST_MS;
  }

  #unreachable(cause: unknown): CacheError {
    const { host } = new URL(this.#options.url);
    return new CacheError('cache_unreachable', `Redis (${host}) does not answer within ${ANSWER_WITHIN_MS} ms. The same is done without it meanwhile.`, { cause });
  }
}

const CONNECTION: RedisOptions = {
  lazyConnect: true, connectTimeout: CONNECT_WITHIN_MS, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false,
  retryStrategy: (times) => Math.min(times * 100, LONGEST_RECONNECT_MS),
};
