import type { Gateway } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import type { Committer } from '../commit/committer.ts';
import type { Journals } from '../commit/journals.ts';
import type { Contents } from '../contents/contents.ts';
import type { Leases } from '../dispatch/leases.ts';
import type { RunLooks } from '../dispatch/run-looks.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Flows } from './take-turn.ts';

export interface StepRunnerOptions {
  readonly database: Database;
  readonly looks: RunLooks;
  readonly contents: Contents;
  readonly gateway: Gateway;
  /** Items of maps, and runs that steps start. */
  readonly flows: Flows;
  readonly leases: Leases;
  readonly committer: Committer;
  readonly journals: Journals;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
  readonly leaseMs: number;
  readonly telemetry: Pick<Telemetry, 'observer' | 'tracing'>;
  /** In [0, 1). */
  readonly random: () => number;
}
