import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import { Reseal } from '@countersign/platform/keys/reseal.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../loops/loop.ts';
import type { Tenants } from '../loops/tenants.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

const EVERY_MS = 60_000;

export interface ResealLoopParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly tenants: Tenants;
  readonly log: Logger;
}

/** Seals content anew that older keys sealed, a batch of each tenant's at a time. Every worker does it; what one has done the others find done. */
export function resealLoop({ database, keys, tenants, log }: ResealLoopParts): Loop {
  const reseal = new Reseal({ database, keys, log, plane: 'execution', columns: SEALED_COLUMNS });
  return new Loop({
    name: 'sealing anew', everyMs: EVERY_MS,
    onError: (_name, error) => log.warn({ err: error }, 'content could not be sealed anew; it is tried again'),
    turn: async () => {
      let more = false;
      for (const tenantId of await tenants.ids()) more = await reseal.turn(tenantId) || more;
      return more;
    },
  });
}
