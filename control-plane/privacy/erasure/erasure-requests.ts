import type { PersonTerms } from '@countersign/contracts/privacy/terms.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { actorOf } from '../../identity/principal.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import { findRequest, insertRequest, listRequests } from './repository-erasure.ts';
import type { ErasureRow } from './repository-erasure.ts';
import { findPersonByEmail, findPersonById, isLastAdmin, slackNames } from './repository-person.ts';
import type { PersonRow } from './repository-person.ts';

type Person = components['schemas']['NewErasureRequest']['person'];

export interface ErasureRequestsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  /** Something is to be done. */
  readonly onRequested: () => void;
}

/** Requests that a person's data be erased. Who that is stands sealed in the request until it is done, and nowhere afterwards. */
export class ErasureRequests {
  readonly #parts: ErasureRequestsParts;

  constructor(parts: ErasureRequestsParts) {
    this.#parts = parts;
  }

  async createErasureRequest({ principal, body }: Call<'createErasureRequest'>): Promise<Answer<'createErasureRequest'>> {
    const { database, keys, clock, onRequested } = this.#parts;
    const { tenantId } = principal;
    const id = newId('erasure_request');
    const [person, home] = await database.forTenant(tenantId, async (tx) => [await whoIsMeant(tx, tenantId, body.person), refuseUnlessHome(principal)] as const);
    const sealed = await keys.seal(tenantId, 'identity', id, Buffer.from(JSON.stringify(person)));
    const pseudonym = `person-${(person.principal_id ?? id).slice(-8)}`;
    const row = await database.forTenant(tenantId, async (tx) => {
      const eventId = await appendAudit(tx, {
        at: clock.now(), type: 'erasure.requested', tenant_id: tenantId, workspace_id: home, run_id: null, actor: actorOf(principal),
        subject: { kind: 'erasure_request', id }, data: { pseudonym, principal_id: person.principal_id, terms: person.terms.length, reason_digest: digestOf(body.reason) },
      });
      await tx.change(insertRequest, [tenantId, id, home, sealed, person.principal_id, pseudonym, digestOf(body.reason), principal.id, eventId]);
      return tx.one<ErasureRow>(findRequest, [tenantId, id]);
    });
    onRequested();
    return { status: 202, body: viewOf(row) };
  }

  async listErasureRequests({ principal }: Call<'listErasureRequests'>): Promise<Answer<'listErasureRequests'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<ErasureRow>(listRequests, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(viewOf) } };
  }

  async getErasureRequest({ principal, path }: Call<'getErasureRequest'>): Promise<Answer<'getErasureRequest'>> {
    const row = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.maybeOne<ErasureRow>(findRequest, [principal.tenantId, path.request_id]));
    if (row === undefined) throw new ApiError('not_found', 'There is no such erasure request.');
    return { status: 200, body: viewOf(row) };
  }
}

/**
 * The person and the terms to look for: what was given, and of somebody who signs in here also their e-mail and names.
 * @throws ApiError `erasure_subject_unknown`, `last_admin`
 */
async function whoIsMeant(tx: Transaction, tenantId: string, { principal_id, email, terms = [] }: Person): Promise<PersonTerms> {
  if (principal_id === undefined && email === undefined && terms.length === 0) throw unknownPerson('Name the person: principal_id, email, or the terms to look for.');
  const person = principal_id === undefined ? email === undefined ? undefined : await tx.maybeOne<PersonRow>(findPersonByEmail, [tenantId, email]) : await tx.maybeOne<PersonRow>(findPersonById, [tenantId, principal_id]);
  if (principal_id !== undefined && person === undefined) throw unknownPerson('There is no person of this id. Service accounts are removed as such, not erased.');
  if (person !== undefined && await tx.maybeOne(isLastAdmin, [tenantId, person.id]) !== undefined) throw new ApiError('last_admin', 'This is the last admin of a workspace. Make somebody else admin first.');
  const slack = person === undefined ? [] : (await tx.rows<{ slack_name: string }>(slackNames, [tenantId, person.id])).map((row) => row.slack_name);
  const known = person === undefined ? [] : [person.email, person.scim_user_name, ...[person.display_name, fullName(person), ...slack].filter(isFullName)];
  const wanted = [...terms, email, ...known].filter((term) => typeof term === 'string').map((term) => term.trim()).filter((term) => term.length >= 3);
  return { principal_id: person?.id ?? null, terms: [...new Set(wanted)] };
}

function fullName({ given_name, family_name }: PersonRow): string {
  return `${given_name ?? ''} ${family_name ?? ''}`.trim();
}

/** A first name alone is many people's; whoever means it says so in `terms`. */
function isFullName(name: string): boolean {
  return /\S\s+\S/.test(name);
}

function unknownPerson(detail: string): ApiError {
  return new ApiError('erasure_subject_unknown', detail);
}

function viewOf(row: ErasureRow): components['schemas']['ErasureRequest'] {
  const { person_sealed: _sealed, workspace_id: _workspace, event_id: _event, requested_at, completed_at, retained_objects, retained_until, ...rest } = row;
  return { ...rest, requested_at: requested_at.toISOString(), completed_at: completed_at?.toISOString() ?? null, retained: { objects: retained_objects, until: retained_until?.toISOString() ?? null } };
}
