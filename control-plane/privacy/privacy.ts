import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Handlers } from '../api/operation.ts';
import type { Loop } from '../cell/loop.ts';
import { LegalHolds } from './legal-holds.ts';
import { Retention } from './retention.ts';
import { retentionLoop } from './retention-loop.ts';

export interface PrivacyParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long content is kept where a tenant says nothing. */
  readonly retention_days: number;
}

export type PrivacyOperation = 'getRetention' | 'putRetention' | 'listLegalHolds' | 'setLegalHold' | 'releaseLegalHold';

/** What is kept of whom, for how long, and what ends it. */
export class Privacy {
  readonly handlers: Pick<Handlers, PrivacyOperation>;
  readonly loops: readonly Loop[];

  constructor(parts: PrivacyParts) {
    const retention = new Retention(parts);
    const holds = new LegalHolds(parts);
    this.handlers = {
      getRetention: (call) => retention.getRetention(call),
      putRetention: (call) => retention.putRetention(call),
      listLegalHolds: (call) => holds.listLegalHolds(call),
      setLegalHold: (call) => holds.setLegalHold(call),
      releaseLegalHold: (call) => holds.releaseLegalHold(call),
    };
    this.loops = [retentionLoop(parts)];
  }
}
