import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Handlers } from '../api/operation.ts';
import type { Loop } from '../cell/loop.ts';
import type { BuildsPackages } from '../evidence/package-wish.ts';
import { deletionLoop } from './deletion-job.ts';
import { erasureLoop } from './erasure/erasure-job.ts';
import { ErasureRequests } from './erasure/erasure-requests.ts';
import { LegalHolds } from './legal-holds.ts';
import { Retention } from './retention.ts';
import { retentionLoop } from './retention-loop.ts';
import { TenantDeletion } from './tenant-deletion.ts';

export interface PrivacyParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  readonly packages: BuildsPackages;
  /** How long content is kept where a tenant says nothing. */
  readonly retention_days: number;
}

export type PrivacyOperation = 'getRetention' | 'putRetention' | 'listLegalHolds' | 'setLegalHold' | 'releaseLegalHold' | 'createErasureRequest' | 'listErasureRequests' | 'getErasureRequest'
  | 'deleteTenant' | 'getTenantDeletion' | 'confirmTenantDeletion' | 'cancelTenantDeletion';

/** What is kept of whom, for how long, and what ends it. */
export class Privacy {
  readonly handlers: Pick<Handlers, PrivacyOperation>;
  readonly loops: readonly Loop[];

  constructor(parts: PrivacyParts) {
    const retention = new Retention(parts);
    const erasing = erasureLoop(parts);
    const deletion = new TenantDeletion(parts);
    const holds = new LegalHolds({ ...parts, onReleased: () => erasing.wake() });
    const erasures = new ErasureRequests({ ...parts, onRequested: () => erasing.wake() });
    this.handlers = {
      getRetention: (call) => retention.getRetention(call),
      putRetention: (call) => retention.putRetention(call),
      listLegalHolds: (call) => holds.listLegalHolds(call),
      setLegalHold: (call) => holds.setLegalHold(call),
      releaseLegalHold: (call) => holds.releaseLegalHold(call),
      createErasureRequest: (call) => erasures.createErasureRequest(call),
      listErasureRequests: (call) => erasures.listErasureRequests(call),
      getErasureRequest: (call) => erasures.getErasureRequest(call),
      deleteTenant: (call) => deletion.deleteTenant(call),
      getTenantDeletion: (call) => deletion.getTenantDeletion(call),
      confirmTenantDeletion: (call) => deletion.confirmTenantDeletion(call),
      cancelTenantDeletion: (call) => deletion.cancelTenantDeletion(call),
    };
    this.loops = [retentionLoop(parts), erasing, deletionLoop(parts)];
  }
}
