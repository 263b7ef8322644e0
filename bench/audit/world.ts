import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Sealer } from './sealer.ts';

/** A PostgreSQL of its own, that waits for the disk, and who writes to it. */
export interface World {
  /** As the worker does. */
  readonly execution: Database;
  readonly control: Database;
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly executionUrl: string;
  /** Paused but where it is said to be at work. */
  readonly sealer: Sealer;
  /** Of the sequencer's key and objects, and of what is exported. */
  readonly folder: string;
}
