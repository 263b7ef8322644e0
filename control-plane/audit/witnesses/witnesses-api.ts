import { COSIGNATURE_V1, parseVerifierKey } from '@countersign/contracts/transparency/note.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { auditBy } from '../../access/audit.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import { peerUrl } from '../peer-url.ts';
import { CELL, insertWitness, readWitnesses, removeWitness } from './repository-witnesses.ts';
import type { WitnessRow } from './repository-witnesses.ts';

export interface WitnessesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly standInsAllowed: boolean;
}

/** Who countersigns the tenant's checkpoints. */
export class WitnessesApi {
  readonly #parts: WitnessesParts;

  constructor(parts: WitnessesParts) {
    this.#parts = parts;
  }

  async listWitnesses({ principal }: Call<'listWitnesses'>): Promise<Answer<'listWitnesses'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => readWitnesses(tx, principal.tenantId));
    return { status: 200, body: { items: rows.map(view) } };
  }

  async createWitness({ principal, body }: Call<'createWitness'>): Promise<Answer<'createWitness'>> {
    refuseUnlessHome(principal);
    const { database, clock, standInsAllowed } = this.#parts;
    const key = parseVerifierKey(body.vkey);
    if (key?.type !== COSIGNATURE_V1) throw new ApiError('witness_invalid', 'The key is not one that cosigns checkpoints: `<name>+<key id>+<base64>`, as the witness says at its start.');
    const url = peerUrl(body.url, standInsAllowed);
    if (url === null) throw new ApiError('witness_invalid', 'The URL of a witness begins with https:// and has no query.');
    const id = newId('witness');
    return database.forTenant(principal.tenantId, async (tx) => {
      const known = await readWitnesses(tx, principal.tenantId);
      if (known.some(({ vkey }) => vkey === body.vkey)) throw new ApiError('witness_invalid', 'There is a witness with this key.');
      await insertWitness(tx, principal.tenantId, { id, name: key.name, vkey: body.vkey, url, required: body.required ?? false, createdBy: principal.id });
      await auditBy(tx, clock, principal, { type: 'audit.witness_changed', subject: { kind: 'witness', id }, data: { change: 'created' } });
      return { status: 201, body: view((await readWitnesses(tx, principal.tenantId)).find((row) => row.id === id)!) };
    });
  }

  async deleteWitness({ principal, path }: Call<'deleteWitness'>): Promise<Answer<'deleteWitness'>> {
    refuseUnlessHome(principal);
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const known = await readWitnesses(tx, principal.tenantId);
      if (known.some(({ id, created_by }) => id === path.witness_id && created_by === CELL)) throw new ApiError('witness_invalid', 'This witness is of the cell: whoever operates the cell names it in a file.');
      if (!await removeWitness(tx, principal.tenantId, path.witness_id)) throw new ApiError('not_found', 'There is no such witness.');
      await auditBy(tx, this.#parts.clock, principal, { type: 'audit.witness_changed', subject: { kind: 'witness', id: path.witness_id }, data: { change: 'removed' } });
    });
    return { status: 204 };
  }
}

function view({ id, name, vkey, url, required, created_at, positions }: WitnessRow): Extract<Answer<'createWitness'>, { status: 201 }>['body'] {
  return {
    id, name, vkey, url, required, created_at: created_at.toISOString(),
    positions: positions.map(({ chain, size, last_error, refused }) => ({ workspace_id: chain.split('/')[1] ?? '', size, last_error, refused })),
  };
}
