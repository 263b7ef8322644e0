import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Section } from '@countersign/platform/html/page.ts';

export interface ContentParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
}

/** What a package shows, before its events are proven and all of it is signed. */
export interface PackageContents {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly eventIds: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  /** How many runs it shows. */
  readonly runs: number;
  /** For its page. */
  readonly sections: readonly Section[];
}
