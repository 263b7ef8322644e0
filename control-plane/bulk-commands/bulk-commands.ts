import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { madeBefore, rememberMade } from '../api/idempotency.ts';
import type { Repeatable } from '../api/idempotency.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import { matching } from '../dead-letters/dead-letters.ts';
import { selectDeadLetters } from '../dead-letters/queries.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { findBulkCommand, insertBulkCommand, insertCommandsOfBulk, listBulkCommands, selectRuns } from './queries.ts';
import type { BulkCommandRow } from './queries.ts';

type Schemas = components['schemas'];

export interface BulkCommandsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
}

/** What is asked of very many goes into the mailbox of the workers at once; a job that names more is to be split by its filter. */
const MAX_SELECTED = 100_000;
const INSERTED_AT_ONCE = 5_000;

interface Job {
  readonly kind: 'cancel' | 'redrive';
  readonly principal: Principal;
  readonly selection: { readonly ids?: readonly string[]; readonly filter?: object };
  readonly reason: string;
  readonly requestId: string;
  readonly key: string | undefined;
  /** The statement that gives `{run_id, step_key}` of what is selected, and its parameters but the last, the limit. */
  readonly select: readonly [statement: Statement, parameters: readonly unknown[]];
}

/** Cancel and redrive for very many: what matches when it is asked for becomes one command each, in the transaction that writes the job. */
export class BulkCommands {
  readonly #parts: BulkCommandsParts;

  constructor(parts: BulkCommandsParts) {
    this.#parts = parts;
  }

  async redriveDeadLetters({ principal, body, headers, requestId }: Call<'redriveDeadLetters'>): Promise<Answer<'redriveDeadLetters'>> {
    const { reason, ...selection } = body;
    const select = [selectDeadLetters, matching(principal, selection.filter ?? {}, selection.ids ?? null)] as const;
    return { status: 202, body: await this.#ask({ kind: 'redrive', principal, selection, reason, requestId, key: headers['idempotency-key'], select }) };
  }

  async cancelRuns({ principal, body, headers, requestId }: Call<'cancelRuns'>): Promise<Answer<'cancelRuns'>> {
    const { reason, ...selection } = body;
    const { state, workflow, environment, since, until } = selection.filter ?? {};
    const select = [selectRuns, [
      principal.tenantId, principal.workspaceId, state ?? ['queued', 'running', 'waiting'], workflow ?? null, environment ?? null, since ?? null, until ?? null, selection.ids ?? null,
    ]] as const;
    return { status: 202, body: await this.#ask({ kind: 'cancel', principal, selection, reason, requestId, key: headers['idempotency-key'], select }) };
  }

  async getBulkCommand({ principal, path }: Call<'getBulkCommand'>): Promise<Answer<'getBulkCommand'>> {
    return { status: 200, body: await this.#parts.database.forTenant(principal.tenantId, (tx) => read(tx, principal, path.bulk_command_id)) };
  }

  async listBulkCommands({ principal, query }: Call<'listBulkCommands'>): Promise<Answer<'listBulkCommands'>> {
    const { tenantId, workspaceId } = principal;
    const limit = query.limit ?? 50;
    const after = positionOf(query.cursor);
    const rows = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<BulkCommandRow>(listBulkCommands, [tenantId, workspaceId, after?.at ?? null, after?.id ?? null, limit + 1]));
    const page = pageOf(rows, limit);
    return { status: 200, body: { items: page.rows.map(bulkCommandOf), next_cursor: page.nextCursor } };
  }

  async #ask(job: Job): Promise<Schemas['BulkCommand']> {
    if ((job.selection.ids === undefined) === (job.selection.filter === undefined)) {
      throw new ApiError('request_invalid', 'Name exactly one of ids and filter.', { errors: [{ field: '/ids', code: 'one_of', message: 'Send either ids or filter.' }] });
    }
    const { principal } = job;
    const request: Repeatable = { principal, key: job.key, route: `bulk/${job.kind}`, requestDigest: digestOf({ ...job.selection, reason: job.reason }) };
    const body = await this.#parts.database.forTenant(principal.tenantId, async (tx) => read(tx, principal, await madeBefore(tx, request) ?? await this.#make(tx, job, request)));
    this.#parts.notifier.commands();
    return body;
  }

  /** Gives the id of the job. */
  async #make(tx: Transaction, job: Job, request: Repeatable): Promise<string> {
    const { tenantId, workspaceId } = job.principal;
    const id = newId('bulk_command');
    const [statement, parameters] = job.select;
    const selected = await tx.rows<{ run_id: string; step_key: string | null }>(statement, [...parameters, MAX_SELECTED + 1]);
    if (selected.length === 0) throw new ApiError('selection_empty', 'Nothing matches that there would be anything to do for.');
    if (selected.length > MAX_SELECTED) throw new ApiError('selection_too_large', `More than ${MAX_SELECTED} match.`);
    await tx.change(insertBulkCommand, [tenantId, id, workspaceId, job.kind, JSON.stringify(job.selection), job.reason, job.principal.id, selected.length]);
    for (let from = 0; from < selected.length; from += INSERTED_AT_ONCE) {
      const some = selected.slice(from, from + INSERTED_AT_ONCE);
      await tx.change(insertCommandsOfBulk, [tenantId, id, some.map(() => newId('command')), some.map((one) => one.run_id), some.map((one) => one.step_key)]);
    }
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'bulk_command.requested', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(job.principal),
      subject: { kind: 'bulk_command', id }, data: { command: job.kind, total: selected.length, selection_digest: digestOf(job.selection), reason_digest: digestOf(job.reason), request_id: job.requestId },
    });
    const earlier = await rememberMade(tx, request, id);
    if (earlier !== undefined) throw new ApiError('idempotency_key_reused', `A request with this Idempotency-Key was under way at the same time; it made ${earlier}.`);
    return id;
  }
}

async function read(tx: Transaction, { tenantId, workspaceId }: Principal, id: string): Promise<Schemas['BulkCommand']> {
  const row = await tx.maybeOne<BulkCommandRow>(findBulkCommand, [tenantId, workspaceId, id]);
  if (row === undefined) throw new ApiError('not_found', 'There is no such job.');
  return bulkCommandOf(row);
}

function bulkCommandOf({ first_handled_at, last_handled_at, cursor_at: _place, ...row }: BulkCommandRow): Schemas['BulkCommand'] {
  const isFinished = row.done + row.skipped >= row.total;
  return {
    ...row, state: isFinished ? 'finished' : first_handled_at === null ? 'queued' : 'running', requested_at: row.requested_at.toISOString(),
    started_at: first_handled_at?.toISOString() ?? null, finished_at: isFinished ? last_handled_at?.toISOString() ?? null : null,
  };
}
