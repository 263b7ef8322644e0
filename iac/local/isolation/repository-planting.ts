import pg from 'pg';
import { ID_PREFIXES } from '@countersign/contracts/ids/prefixes.ts';
import type { IdKind } from '@countersign/contracts/ids/prefixes.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';

/**
 * Puts a row of a tenant into every table that holds data of tenants, found in the catalogue, so that a table that is added tomorrow has one, too.
 * Keys and triggers are passed over (by a superuser's `session_replication_role`); what a CHECK asks for is read from it, or said in `values.ts`.
 */

export interface Place {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly environmentId: string;
  readonly principalId: string;
  /** Stands in every text that is of this tenant: wherever it is read, it was this tenant's. */
  readonly marker: string;
}

interface Column {
  readonly column: string;
  readonly type: string;
  /** The first of the texts that a CHECK allows. */
  readonly allowed: string | null;
  /** The table whose id it holds, by a foreign key. */
  readonly refers_to: string | null;
}

/** Ids by `schema.table`. */
export type PlantedIds = ReadonlyMap<string, string>;

export async function tablesOfTenants(admin: pg.Client): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(`
    SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('control', 'execution', 'audit') AND c.relkind IN ('r', 'p') AND c.relrowsecurity ORDER BY 1`);
  return rows.map(({ name }) => name);
}

/** `values`: SQL of columns by table, in place of what would be made up. `given`: ids of rows that are there already. */
export async function plantRows(admin: pg.Client, tables: readonly string[], place: Place, values: Readonly<Record<string, Readonly<Record<string, string>>>>, given: PlantedIds): Promise<PlantedIds> {
  const ids = new Map([...tables.map((table) => [table, idFor(table)] as const), ...given]);
  await admin.query('SET session_replication_role = replica');
  const refused: string[] = [];
  for (const table of tables) {
    const columns = await columnsOf(admin, table);
    const own = values[table] ?? {};
    const row = new Map(columns.map((column) => [column.column, valueOf(column, place, ids, table)]));
    for (const [column, value] of Object.entries(own)) row.set(column, value);
    await admin.query(`INSERT INTO ${table} (${[...row.keys()].map((name) => pg.escapeIdentifier(name)).join(', ')}) VALUES (${[...row.values()].join(', ')})`)
      .catch((cause: unknown) => refused.push(`${table}: ${(cause as Error).message}`));
  }
  await admin.query('RESET session_replication_role');
  if (refused.length > 0) throw new TypeError(`No row could be planted in ${refused.length} tables; say in values.ts what they take.\n${refused.join('\n')}`);
  return ids;
}

async function columnsOf(admin: pg.Client, table: string): Promise<Column[]> {
  const { rows } = await admin.query<Column>(`
    SELECT a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
           (SELECT (regexp_match(pg_get_constraintdef(k.oid), '''([^'']+)''::text'))[1] FROM pg_constraint k
             WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum] AND pg_get_constraintdef(k.oid) LIKE '%ANY (ARRAY[%' LIMIT 1) AS allowed,
           (SELECT (SELECT n.nspname || '.' || t.relname FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE t.oid = k.confrelid) FROM pg_constraint k
             WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = k.conkey[array_upper(k.conkey, 1)] AND cardinality(k.conkey) = 2
               AND EXISTS (SELECT FROM pg_attribute f WHERE f.attrelid = k.confrelid AND f.attnum = k.confkey[2] AND f.attname = 'id') LIMIT 1) AS refers_to
      FROM pg_attribute a
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
       AND (a.attnotnull AND NOT a.atthasdef OR a.attname IN ('workspace_id', 'environment_id'))`, [table]);
  return rows;
}

function valueOf({ column, type, allowed, refers_to }: Column, place: Place, ids: PlantedIds, table: string): string {
  const text = pg.escapeLiteral;
  if (column === 'tenant_id') return text(place.tenantId);
  if (column === 'workspace_id') return text(place.workspaceId);
  if (column === 'environment_id') return text(place.environmentId);
  if (column === 'id') return text(ids.get(table) ?? '');
  if (/^(principal_id|.*_by|owner_id)$/.test(column)) return text(place.principalId);
  const referred = ids.get(refers_to ?? tableOf(column) ?? '');
  if (referred !== undefined) return text(referred);
  if (allowed !== null) return text(allowed);
  if (type === 'jsonb' || type.endsWith('[]')) return `'{}'`;
  if (type === 'bytea') return text(`\\x${Buffer.from(place.marker).toString('hex')}`);
  if (type === 'boolean') return 'false';
  if (type.startsWith('timestamp')) return `clock_timestamp() + interval '1 day'`;
  if (type === 'date') return 'current_date';
  return /int|numeric|float|double/.test(type) ? '1' : text(place.marker);
}

/** `run_id` is the id of execution.runs, wherever no foreign key says so. */
function tableOf(column: string): string | undefined {
  return { run_id: 'execution.runs', step_id: 'execution.steps', approval_id: 'control.approvals', instance_id: 'control.connector_instances', workflow_id: 'control.workflows', delivery_id: 'execution.deliveries' }[column];
}

function idFor(table: string): string {
  const name = table.split('.')[1] ?? '';
  const kind = KINDS[name] ?? name.replace(/ies$/, 'y').replace(/s$/, '');
  return newId(Object.hasOwn(ID_PREFIXES, kind) ? kind as IdKind : 'request');
}

/** Tables whose names are not the plural of what they hold. */
const KINDS: Readonly<Record<string, IdKind>> = {
  events: 'audit_event', tool_calls: 'tool_call', break_glass_grants: 'break_glass', custom_roles: 'custom_role', approval_votes: 'vote', evidence: 'evidence',
  evidence_packages: 'evidence_package', audit_sinks: 'audit_sink', oauth_clients: 'oauth_client', connector_instances: 'connector_instance',
};
