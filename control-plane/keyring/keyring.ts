import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Handlers } from '../api/operation.ts';
import type { Loop } from '../cell/loop.ts';
import type { Notifier } from '../live/notifier.ts';
import type { BundlePublisher } from '../policies/bundle-publisher.ts';
import { DataKeys } from './data-keys.ts';
import { KeyRevocation } from './key-revocation.ts';
import { KeyRotation } from './key-rotation.ts';
import { getKeySet } from './key-set.ts';
import { resealLoop } from './reseal-loop.ts';
import { rewrapLoop } from './rewrap-loop.ts';
import { publicKeys, publishMissingKeys } from './signing-keys.ts';

export interface KeyringParts {
  readonly database: Database;
  readonly ring: OpenKeys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly log: Logger;
  readonly publisher: BundlePublisher;
}

export type KeyringOperation = 'listKeys' | 'rotateKey' | 'revokeKey' | 'listKeySignatures' | 'getKeySet' | 'listDataKeys' | 'rotateDataKey';

/** The keys of tenants: which sign and which seal, since when, and what becomes of those before. */
export class Keyring {
  readonly handlers: Pick<Handlers, KeyringOperation>;
  readonly loops: readonly Loop[];
  readonly #parts: KeyringParts;
  readonly #rotation: KeyRotation;

  constructor(parts: KeyringParts) {
    const { database, ring } = parts;
    const signing = { ...parts, keys: ring.keys };
    const rotation = new KeyRotation(signing);
    const revocation = new KeyRevocation({ ...signing, rotation });
    const resealing = resealLoop(signing);
    const dataKeys = new DataKeys({ ...signing, wakeReseal: () => resealing.wake() });
    this.#parts = parts;
    this.#rotation = rotation;
    this.loops = [rewrapLoop(parts), resealing];
    this.handlers = {
      listKeys: async ({ principal: { tenantId } }) => ({ status: 200, body: { keys: await database.forTenant(tenantId, (tx) => publicKeys(tx, tenantId)) } }),
      rotateKey: (call) => rotation.rotateKey(call),
      revokeKey: (call) => revocation.revokeKey(call),
      listKeySignatures: (call) => revocation.listKeySignatures(call),
      getKeySet: (call) => getKeySet(call, database),
      listDataKeys: (call) => dataKeys.listDataKeys(call),
      rotateDataKey: (call) => dataKeys.rotateDataKey(call),
    };
  }

  /** Publishes what a tenant's signatures are verified with, and retires what nothing needs any more. Gives whether there was anything to do. */
  async keepUp(tenantId: string): Promise<boolean> {
    const { database, ring } = this.#parts;
    const published = await database.forTenant(tenantId, (tx) => publishMissingKeys(tx, ring.keys, tenantId));
    return await this.#rotation.retireWhenDue(tenantId) || published;
  }
}
