import { setTimeout as delay } from 'node:timers/promises';
import { entrySealContext } from '@countersign/contracts/agent/spool-entry.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Delivered } from './judge.ts';
import { OutageTables } from './repository-entries.ts';
import type { EntryEvent } from './repository-entries.ts';

const LOOK_MS = 100;

/** What the cell's database holds of agents, opened with the keys of their tenant. */
export class DeliveredEntries {
  readonly #tables: OutageTables;
  readonly #keys: Keys;
  readonly #tenantId: string;

  /** @param url of a login that sees every tenant */
  constructor(url: string, { keys, tenantId }: { readonly keys: Keys; readonly tenantId: string }) {
    this.#tables = new OutageTables(url);
    this.#keys = keys;
    this.#tenantId = tenantId;
  }

  async of(agentId: string): Promise<Delivered> {
    const rows = await this.#tables.entries(this.#tenantId, agentId);
    const entries = await Promise.all(rows.map(async ({ epoch, sealed, ...entry }) => {
      const body = await this.#keys.unseal(this.#tenantId, 'content', entrySealContext(agentId, epoch, entry.seq), sealed);
      return { ...entry, body: JSON.parse(Buffer.from(body).toString('utf8')) as SpoolEntry['body'] };
    }));
    return { epoch: rows[0]?.epoch ?? '', entries };
  }

  /** What the audit says of the agent, as soon as all of its entries have been made true. */
  async audited(agentId: string, seq: number): Promise<readonly EntryEvent[]> {
    while (await this.#tables.applied(this.#tenantId, agentId) < seq) await delay(LOOK_MS);
    return this.#tables.events(this.#tenantId, agentId);
  }

  close(): Promise<void> {
    return this.#tables.close();
  }
}
