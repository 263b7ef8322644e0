import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import { parseSignature } from '@countersign/contracts/transparency/note.ts';
import { AuditError } from '@countersign/platform/audit/errors.ts';
import { consistencyProof, inclusionProof } from '@countersign/platform/audit/tree-reader.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { findCheckpoint, readCheckpoints, readEvents } from './repository-reading.ts';
import type { CheckpointRow, EventFilter } from './repository-reading.ts';

/** The sealed chain of the caller's workspace. Pending events are not shown: they have no place yet. */
export class AuditApi {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listAuditEvents({ principal, query }: Call<'listAuditEvents'>): Promise<Answer<'listAuditEvents'>> {
    const limit = query.limit ?? 50;
    const after = placeOf(query.cursor);
    const rows = await this.#database.forTenant(principal.tenantId, (tx) =>
      readEvents(tx, principal.tenantId, chainOf(principal.tenantId, principal.workspaceId), after, filterOf(query), query.order ?? 'newest', limit + 1));
    const page = rows.slice(0, limit);
    const items = page.map((row) => ({ seq: Number(row.seq), hash: row.hash, prev_hash: row.prev_hash, event: JSON.parse(row.body) as Record<string, never> }));
    return { status: 200, body: { items, next_cursor: rows.length > limit ? page.at(-1)?.seq ?? null : null } };
  }

  async listCheckpoints({ principal, query }: Call<'listCheckpoints'>): Promise<Answer<'listCheckpoints'>> {
    const limit = query.limit ?? 50;
    const before = placeOf(query.cursor);
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => readCheckpoints(tx, principal.tenantId, chainOf(principal.tenantId, principal.workspaceId), before, limit + 1));
    const page = rows.slice(0, limit);
    return { status: 200, body: { items: page.map(checkpointView), next_cursor: rows.length > limit ? page.at(-1)?.number ?? null : null } };
  }

  async getCheckpoint({ principal, path }: Call<'getCheckpoint'>): Promise<Answer<'getCheckpoint'>> {
    const row = await this.#database.forTenant(principal.tenantId, (tx) => findCheckpoint(tx, principal.tenantId, chainOf(principal.tenantId, principal.workspaceId), path.size === 'latest' ? null : path.size));
    if (row === undefined) throw new ApiError('not_found', 'No checkpoint was signed about so many events.');
    return { status: 200, bytes: Buffer.from(wholeNote(row) ?? ''), mediaType: 'text/plain' };
  }

  async getInclusionProof({ principal, query }: Call<'getInclusionProof'>): Promise<Answer<'getInclusionProof'>> {
    const { leafIndex, treeSize, hashes } = await this.#prove(() => this.#database.forTenant(principal.tenantId, (tx) =>
      inclusionProof(tx, principal.tenantId, chainOf(principal.tenantId, principal.workspaceId), query.seq, query.size)));
    return { status: 200, body: { leaf_index: leafIndex, tree_size: treeSize, hashes: hashes.map(base64) } };
  }

  async getConsistencyProof({ principal, query }: Call<'getConsistencyProof'>): Promise<Answer<'getConsistencyProof'>> {
    const { from, to, hashes } = await this.#prove(() => this.#database.forTenant(principal.tenantId, (tx) =>
      consistencyProof(tx, principal.tenantId, chainOf(principal.tenantId, principal.workspaceId), query.from, query.to)));
    return { status: 200, body: { from, to, hashes: hashes.map(base64) } };
  }

  async #prove<T>(work: () => Promise<T>): Promise<T> {
    return work().catch((error: unknown) => {
      if (error instanceof AuditError && error.code === 'audit_range_invalid') throw new ApiError('audit_range_invalid', error.message);
      throw error;
    });
  }
}

/** The note as it was signed, and behind it the lines of those who countersigned it. */
export function wholeNote({ note, cosignatures }: CheckpointRow): string | null {
  return note === null ? null : note + cosignatures.map(({ line }) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
}

function checkpointView(row: CheckpointRow): Extract<Answer<'listCheckpoints'>, { status: 200 }>['body']['items'][number] {
  return {
    number: Number(row.number), size: Number(row.seq), root: row.root === null ? null : base64(row.root), kid: row.kid, signed_at: row.signed_at.toISOString(), note: wholeNote(row),
    cosignatures: row.cosignatures.map(({ witness_id, line, cosigned_at }) => ({ witness_id, name: parseSignature(line.trimEnd())?.name ?? '', cosigned_at })),
  };
}

function filterOf(query: Call<'listAuditEvents'>['query']): EventFilter {
  return {
    runId: query.run_id ?? null, types: typesOf(query.type), actor: query.actor ?? null, subject: query.subject ?? null, either: query.q ?? null, from: query.from ?? null, to: query.to ?? null,
  };
}

/** `approval.*,run.created` as patterns of LIKE: what has a meaning there stands for itself, but for the star. */
function typesOf(text: string | undefined): string[] | null {
  const names = text?.split(',').map((name) => name.trim()).filter((name) => name !== '') ?? [];
  return names.length === 0 ? null : names.map((name) => name.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%'));
}

/** A cursor is the place of the last that was read. */
function placeOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (!/^[1-9]\d{0,17}$/.test(cursor)) {
    throw new ApiError('request_invalid', 'The cursor is not one that this API gave.', {
      errors: [{ field: '/query/cursor', code: 'cursor_invalid', message: 'Use `next_cursor` of the page before, unchanged, or leave it out.' }],
    });
  }
  return cursor;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
