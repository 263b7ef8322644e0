import type { Gateway } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Contents } from '../contents/contents.ts';

/** What maps and sub-workflows are made with. */
export interface FlowParts {
  readonly database: Database;
  readonly contents: Contents;
  readonly clock: Clock;
  readonly worker: string;
  /** For what its connectors declare of their triggers. It is never called here. */
  readonly gateway: Pick<Gateway, 'manifests'>;
}
