import type { Database } from '@countersign/platform/postgres/database.ts';

/** A PostgreSQL of its own, that waits for the disk, and who writes to it. */
export interface World {
  /** As the worker does. */
  readonly execution: Database;
  readonly control: Database;
  readonly controlUrl: string;
  /** Of the sequencer's key and objects. */
  readonly folder: string;
}
