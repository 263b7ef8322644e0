import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallIdentity, ModelStores } from '@countersign/connectors/gateway/ports.ts';
import type { ModelStore } from '@countersign/connectors/sdk/connector.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { callEvent } from './audit-call.ts';
import { insertModelRow, readLatestModel } from './queries.ts';

export interface ModelStoreOptions {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly worker: string;
}

/** Local models: rows by workspace and instance, bytes in the object store. */
export function postgresModelStores(options: ModelStoreOptions): ModelStores {
  return { forCall: (call) => modelStore(options, call) };
}

function modelStore({ database, objects, clock, worker }: ModelStoreOptions, call: CallIdentity): ModelStore {
  return {
    async latest(instanceId) {
      const row = await database.forTenant(call.tenant.id, (tx) => readLatestModel(tx, call, instanceId));
      if (row === undefined) return null;
      return { id: row.id, version: row.version, digest: row.digest, bytes: await objects.get(row.object_key) };
    },

    async save(instanceId, { bytes, labelled_count, metrics }) {
      const digest = digestOfBytes(bytes);
      const id = newId('model');
      const objectKey = `models/${call.tenant.id}/${instanceId}/${digest.replace(':', '-')}`;
      // The bytes first: a row must never name an object that is not there.
      await objects.put(objectKey, bytes);
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
