import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import { Reseal } from '@countersign/platform/keys/reseal.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

/** Seals anew what older keys sealed: after a key was rotated, and once in cells that sealed under their key file itself. */
export function resealLoop({ database, keys, log }: { readonly database: Database; readonly keys: EnvelopeKeys; readonly log: Logger }): Loop {
  const reseal = new Reseal({ database, keys, log, plane: 'control', columns: SEALED_COLUMNS });
  return new Loop({ name: 'sealing anew', idle_ms: 60_000, busy_ms: 100, log }, () => forEveryTenant(database, log, (tenantId) => reseal.turn(tenantId)));
}
