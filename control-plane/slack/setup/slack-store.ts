import { canonicalBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { findApp, findInstallation, oldestWorkspace } from './queries.ts';
import type { InstallationRow, SlackAppRow } from './queries.ts';

export interface SlackSecrets {
  readonly client_secret: string;
  readonly signing_secret: string;
  readonly app_token: string | null;
}

export interface SlackSettings extends Omit<SlackAppRow, 'sealed'> {
  readonly secrets: SlackSecrets;
}

export interface OpenInstallation extends Omit<InstallationRow, 'sealed'> {
  readonly botToken: string;
}

const APP = 'slack_app';

/** Settings and installations with their secrets, sealed as credentials are. What is opened here stays in this process. */
export class SlackStore {
  readonly #database: Database;
  readonly #keys: Keys;

  constructor(database: Database, keys: Keys) {
    this.#database = database;
    this.#keys = keys;
  }

  async settings(tenantId: string): Promise<SlackSettings | null> {
    const row = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<SlackAppRow>(findApp, [tenantId]));
    if (row === undefined) return null;
    const { sealed, ...settings } = row;
    return { ...settings, secrets: JSON.parse(textOf(await this.#keys.unseal(tenantId, 'credential', APP, sealed))) as SlackSecrets };
  }

  sealSecrets(tenantId: string, secrets: SlackSecrets): Promise<Uint8Array> {
    return this.#keys.seal(tenantId, 'credential', APP, canonicalBytes({ ...secrets }));
  }

  /** The installation with its token; null where there is none, or it was revoked. */
  async installation(tenantId: string, id: string): Promise<OpenInstallation | null> {
    const row = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<InstallationRow>(findInstallation, [tenantId, id]));
    if (row === undefined || row.sealed === null) return null;
    const { sealed, ...installation } = row;
    const { bot_token } = JSON.parse(textOf(await this.#keys.unseal(tenantId, 'credential', contextOf(id), sealed))) as { bot_token: string };
    return { ...installation, botToken: bot_token };
  }

  sealToken(tenantId: string, id: string, botToken: string): Promise<Uint8Array> {
    return this.#keys.seal(tenantId, 'credential', contextOf(id), canonicalBytes({ bot_token: botToken }));
  }
}

/** The chain that events without a workspace of their own go to. */
export async function workspaceOf(tx: Transaction, tenantId: string): Promise<string> {
  return (await tx.one<{ id: string }>(oldestWorkspace, [tenantId])).id;
}

function contextOf(installation: string): string {
  return `slack_installation/${installation}`;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
