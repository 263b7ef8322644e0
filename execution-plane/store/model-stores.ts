import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { ModelStores } from '@countersign/connectors/gateway/ports.ts';
import type { ModelStore } from '@countersign/connectors/sdk/connector.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Contents } from '../contents/contents.ts';
import { ExecutionError } from '../errors.ts';
import { callEvent } from './audit-call.ts';
import { insertModelRow, readLatestModel } from './queries.ts';
import { askedAgainWhileAway } from './store-away.ts';

export interface ModelStoreOptions {
  readonly database: Database;
  readonly objects: Objects;
  readonly contents: Contents;
  readonly clock: Clock;
  readonly worker: string;
}

/**
 * Local models: rows by workspace and instance, bytes in the object store, sealed, because a model remembers words of the tickets
 * that it learned from. The row's digest is of the plain bytes.
 */
export function postgresModelStores(options: ModelStoreOptions): ModelStores {
  return { forCall: (call) => modelStore(options, call) };
}

function modelStore({ database, objects, contents, clock, worker }: ModelStoreOptions, call: CallIdentity): ModelStore {
  return {
    async latest(instanceId) {
      const row = await database.forTenant(call.tenant.id, (tx) => readLatestModel(tx, call, instanceId));
      if (row === undefined) return null;
      const bytes = await askedAgainWhileAway(async () => contents.openBytes(call.tenant.id, row.digest, await objects.get(row.object_key)));
      if (digestOfBytes(bytes) !== row.digest) throw new ExecutionError('model_damaged', `The stored bytes of the model ${row.id} do not have its digest. Train it again.`);
      return { id: row.id, version: row.version, digest: row.digest, bytes };
    },

    async save(instanceId, { bytes, labelled_count, metrics }) {
      const digest = digestOfBytes(bytes);
      const id = newId('model');
      // Each seal gives other bytes, and an object never changes: the key is of this model, not of its bytes.
      const objectKey = `models/${call.tenant.id}/${instanceId}/${id}`;
      // The bytes first: a row must never name an object that is not there.
      await askedAgainWhileAway(async () => objects.put(objectKey, await contents.sealBytes(call.tenant.id, digest, bytes)));
      const event = callEvent(call, worker, 'model.trained', { kind: 'model', id }, { instance_id: instanceId, digest, labelled_count, size_bytes: bytes.byteLength });
      const version = await database.forTenant(call.tenant.id, async (tx) => {
        const written = await insertModelRow(tx, call, { id, instanceId, digest, objectKey, labelledCount: labelled_count, metrics }, [event], clock.now());
        if (written === null) throw new StaleLeaseError(call.step.id, call.step.fence);
        return written;
      });
      return { id, version, digest };
    },
  };
}
