import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { CredentialValue, RefreshAnswer, RefreshedTokens } from '@countersign/connectors/gateway/ports.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { ExecutionError } from '../errors.ts';
import { claimRefresh, keepRefreshed, readRefreshed, releaseRefresh } from './repository-refreshed-tokens.ts';
import type { RefreshedRow } from './repository-refreshed-tokens.ts';

type Credential = Extract<CredentialValue, { kind: 'oauth_refresh_token' }>;
type AccessToken = Awaited<ReturnType<RefreshedTokens['accessToken']>>;

/** Longer than a token endpoint may take to answer. */
const ASKING_S = 45;
const LOOK_AGAIN_MS = 200;

/**
 * Refresh tokens in the database: one worker asks the peer, keeps what it gave (its next refresh token first of all), and only then is the access
 * token used, by all workers. A worker that dies between the peer's answer and our row loses that refresh token: the peer then wants the credential
 * authorised again, and says so.
 */
export class PostgresRefreshedTokens implements RefreshedTokens {
  readonly #database: Database;
  readonly #keys: Keys;
  /** The version that was last given here, by tenant and credential. */
  readonly #given = new Map<string, number>();

  constructor(database: Database, keys: Keys) {
    this.#database = database;
    this.#keys = keys;
  }

  async accessToken(tenantId: string, credential: Credential, fresh: boolean, ask: (refreshToken: string) => Promise<RefreshAnswer>): Promise<AccessToken> {
    const place = `${tenantId}/${credential.id}/${credential.version}`;
    const refused = fresh ? this.#given.get(place) ?? -1 : -1;
    for (const deadline_ms = performance.now() + ASKING_S * 1_000; performance.now() < deadline_ms; await pause(LOOK_AGAIN_MS)) {
      const row = await this.#database.forTenant(tenantId, (tx) => readRefreshed(tx, tenantId, credential.id, credential.version));
      if (row.lasts && row.version > refused && row.access_sealed !== null && row.access_expires_at !== null) {
        this.#given.set(place, row.version);
        return { value: await this.#open(tenantId, `${credential.id}/access`, row.access_sealed), expires_at: row.access_expires_at };
      }
      const by = randomUUID();
      if (await this.#database.forTenant(tenantId, (tx) => claimRefresh(tx, tenantId, credential.id, row.version, by, ASKING_S))) return this.#ask(tenantId, credential, row, by, place, ask);
    }
    throw new ExecutionError('credential_unusable', `Another worker has been asking for a token with the credential ${credential.id} for ${ASKING_S} s. It is tried again.`);
  }

  async #ask(tenantId: string, { id, refreshToken }: Credential, row: RefreshedRow, by: string, place: string, ask: (refreshToken: string) => Promise<RefreshAnswer>): Promise<AccessToken> {
    let answer: RefreshAnswer;
    try {
      answer = await ask(row.refresh_sealed === null ? refreshToken : await this.#open(tenantId, `${id}/refresh`, row.refresh_sealed));
    } catch (error) {
      await this.#database.forTenant(tenantId, (tx) => releaseRefresh(tx, tenantId, id, by));
      throw error;
    }
    const tokens = {
      refresh: answer.refreshToken === null ? null : await this.#keys.seal(tenantId, 'credential', `${id}/refresh`, Buffer.from(answer.refreshToken)),
      access: await this.#keys.seal(tenantId, 'credential', `${id}/access`, Buffer.from(answer.accessToken)), expires_in_s: answer.expires_in_s,
    };
    const expires_at = await this.#database.forTenant(tenantId, (tx) => keepRefreshed(tx, tenantId, id, row.version, by, tokens));
    if (expires_at === undefined) throw new ExecutionError('credential_unusable', `The credential ${id} was stored anew while a token was asked for. It is tried again with the new one.`);
    this.#given.set(place, row.version + 1);
    return { value: answer.accessToken, expires_at };
  }

  async #open(tenantId: string, context: string, sealed: Uint8Array): Promise<string> {
    return Buffer.from(await this.#keys.unseal(tenantId, 'credential', context, sealed)).toString('utf8');
  }
}
