import type { Kek } from '@countersign/platform/keys/kek.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { KeySettings } from '@countersign/platform/keys/settings.ts';
import { openObjects } from '@countersign/platform/objects/open-objects.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { ObjectsSettings } from '@countersign/platform/objects/settings.ts';
import { Database } from '@countersign/platform/postgres/database.ts';

/** One of the two cells, as whoever operates both reaches it. */
export interface CellSettings {
  readonly cell: string;
  readonly region: 'us' | 'eu';
  /** Of the superuser: rows are written past triggers that would change them (`session_replication_role`). */
  readonly adminUrl: string;
  readonly keys: KeySettings;
  readonly objects: ObjectsSettings;
}

export interface CellEnd {
  readonly cell: string;
  readonly region: 'us' | 'eu';
  readonly database: Database;
  readonly objects: Objects;
  /** Wraps what arrives. */
  readonly kek: Kek;
  /** By id: whichever wrapped what leaves. */
  readonly keks: ReadonlyMap<string, Kek>;
  close(): Promise<void>;
}

/** Times and bytes are written alike in both databases, whatever their settings: rows are compared as text. */
const ALIKE = { TimeZone: 'UTC', DateStyle: 'ISO', IntervalStyle: 'iso_8601', bytea_output: 'hex', extra_float_digits: '1' };

export async function openCellEnd(settings: CellSettings): Promise<CellEnd> {
  const ring = await openKeys(settings.keys, { databaseUrl: settings.adminUrl });
  const database = new Database({ url: settings.adminUrl, applicationName: 'countersign tenant move', maxConnections: 2, settings: ALIKE });
  return {
    cell: settings.cell, region: settings.region, database, objects: await openObjects(settings.objects), kek: ring.kek, keks: ring.keks,
    close: async () => { await Promise.all([database.close(), ring.close()]); },
  };
}
