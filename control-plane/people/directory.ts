import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import { actorOf } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { changePerson } from './person-state.ts';
import { findPerson, listPeople } from './queries.ts';
import type { PersonRow } from './queries.ts';

export interface DirectoryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
}

/** The people of a tenant. */
export class Directory {
  readonly #parts: DirectoryParts;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  async listPeople({ principal, query }: Call<'listPeople'>): Promise<Answer<'listPeople'>> {
    refuseUnlessHome(principal);
    const limit = query.limit ?? 50;
    const position = positionOf(query.cursor);
    const found = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<PersonRow>(listPeople, [principal.tenantId, query.q ?? null, position?.at ?? null, position?.id ?? null, limit + 1]));
    const { rows, nextCursor } = pageOf(found, limit);
    return { status: 200, body: { items: rows.map(personView), next_cursor: nextCursor } };
  }

  async getPerson({ principal, path }: Call<'getPerson'>): Promise<Answer<'getPerson'>> {
    refuseUnlessHome(principal);
    return { status: 200, body: await this.#parts.database.forTenant(principal.tenantId, (tx) => described(tx, principal.tenantId, path.principal_id)) };
  }

  async updatePerson({ principal, path, body }: Call<'updatePerson'>): Promise<Answer<'updatePerson'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const { person, ended } = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const ended = await changePerson(tx, { tenantId, id: path.principal_id, displayName: body.display_name, disabled: body.disabled, actor: actorOf(principal), source: 'api', at: this.#parts.clock.now() });
      return { ended, person: await described(tx, tenantId, path.principal_id) };
    });
    for (const id of ended) this.#parts.notifier.sessionEnded(id);
    return { status: 200, body: person };
  }
}

async function described(tx: Transaction, tenantId: string, id: string): Promise<components['schemas']['Person']> {
  const row = await tx.maybeOne<PersonRow>(findPerson, [tenantId, id]);
  if (row === undefined) throw new ApiError('not_found', 'There is no such person.');
  return personView(row);
}

function personView(row: PersonRow): components['schemas']['Person'] {
  return {
    id: row.id, display_name: row.display_name, email: row.email, state: row.disabled ? 'disabled' : 'active', provisioned: row.provisioned,
    roles: [...row.roles], groups: [...row.groups], identities: [...row.identities], passkeys: row.passkeys,
    created_at: row.created_at.toISOString(), last_seen_at: row.last_seen_at?.toISOString() ?? null,
  };
}
