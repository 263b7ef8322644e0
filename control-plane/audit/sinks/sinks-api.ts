import { randomBytes } from 'node:crypto';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { auditBy } from '../../access/audit.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Principal } from '../../identity/principal.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import { peerUrl } from '../peer-url.ts';
import { insertSink, readSinks, removeSink, updateSink } from './repository-sinks.ts';
import type { SinkRow } from './repository-sinks.ts';

export interface SinksParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly standInsAllowed: boolean;
}

type SinkView = Extract<Answer<'updateSink'>, { status: 200 }>['body'];

/** Where the tenant's audit is streamed to. */
export class SinksApi {
  readonly #parts: SinksParts;

  constructor(parts: SinksParts) {
    this.#parts = parts;
  }

  async listSinks({ principal }: Call<'listSinks'>): Promise<Answer<'listSinks'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => readSinks(tx, principal.tenantId));
    return { status: 200, body: { items: rows.map(view) } };
  }

  async createSink({ principal, body }: Call<'createSink'>): Promise<Answer<'createSink'>> {
    refuseUnlessHome(principal);
    const { database, keys, standInsAllowed } = this.#parts;
    const { tenantId } = principal;
    const id = newId('audit_sink');
    const endpoint = body.kind === 's3' ? `t/${tenantId}/siem/${id}/` : peerUrl(body.endpoint ?? '', standInsAllowed);
    if (endpoint === null) throw new ApiError('sink_invalid', 'A webhook needs an `endpoint` that begins with https:// and has no query.');
    const secret = body.kind === 'webhook' ? randomBytes(32) : null;
    const secretSealed = secret === null ? null : await keys.seal(tenantId, 'identity', id, secret);
    return database.forTenant(tenantId, async (tx) => {
      const sink = { id, name: body.name, kind: body.kind, format: body.format, endpoint, secretSealed, types: body.types ?? null, showsSensitive: body.shows_sensitive ?? false, createdBy: principal.id };
      await insertSink(tx, tenantId, sink, body.from_first ?? false);
      await this.#audit(tx, principal, id, 'created');
      const row = (await readSinks(tx, tenantId, id))[0]!;
      // Shown once; only whoever verifies what we send needs it.
      return { status: 201, body: { ...view(row), ...(secret === null ? {} : { secret: `whsec_${secret.toString('base64')}` }) } };
    });
  }

  async updateSink({ principal, path, body }: Call<'updateSink'>): Promise<Answer<'updateSink'>> {
    refuseUnlessHome(principal);
    return this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const told = await this.#audit(tx, principal, path.sink_id, body.enabled === false ? 'disabled' : 'changed');
      const changed = await updateSink(tx, principal.tenantId, path.sink_id, { name: body.name ?? null, types: body.types, enabled: body.enabled ?? null }, told);
      const [row] = await readSinks(tx, principal.tenantId, path.sink_id);
      if (!changed || row === undefined) throw new ApiError('not_found', 'There is no such sink.');
      return { status: 200, body: view(row) };
    });
  }

  async deleteSink({ principal, path }: Call<'deleteSink'>): Promise<Answer<'deleteSink'>> {
    refuseUnlessHome(principal);
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const told = await this.#audit(tx, principal, path.sink_id, 'removed');
      if (!await removeSink(tx, principal.tenantId, path.sink_id, told)) throw new ApiError('not_found', 'There is no such sink.');
    });
    return { status: 204 };
  }

  #audit(tx: Transaction, principal: Principal, id: string, change: string): Promise<string> {
    return auditBy(tx, this.#parts.clock, principal, { type: 'audit.sink_changed', subject: { kind: 'audit_sink', id }, data: { change } });
  }
}

function view({ id, name, kind, format, endpoint, types, shows_sensitive, enabled, failing_since, version, created_at, positions }: SinkRow): SinkView {
  return {
    id, name, kind, format, endpoint, types: types === null ? null : [...types], shows_sensitive, version, created_at: created_at.toISOString(),
    state: enabled ? failing_since === null ? 'active' : 'failing' : 'disabled',
    positions: positions.map(({ chain, delivered, head, last_error }) => ({ workspace_id: chain.split('/')[1] ?? '', delivered, head, lag: head - delivered, last_error })),
  };
}
