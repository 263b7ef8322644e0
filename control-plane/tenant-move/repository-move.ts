import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface MovedTable {
  /** `schema.table` */
  readonly name: string;
  /** Those that are stored, in the order of the table. */
  readonly columns: readonly string[];
}

/** Which cell a tenant is in stands in the directory, and how its move goes in `tenant_moves`: neither is moved. */
const movedTables: Statement = {
  name: 'move.tables',
  text: `
    SELECT n.nspname || '.' || c.relname AS name,
           (SELECT array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS shape,
           (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('control', 'execution', 'audit') AND c.relkind = 'r'
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
       AND c.oid::regclass::text NOT IN ('control.tenant_directory', 'control.tenant_moves')
     ORDER BY 1`,
};

export function listTables(tx: Transaction): Promise<Array<MovedTable & { readonly shape: readonly string[] }>> {
  return tx.rows(movedTables);
}

export interface DirectoryRow {
  readonly tenant_id: string;
  readonly slug: string;
  readonly region: 'us' | 'eu';
  readonly cell: string;
  readonly state: string;
  readonly moved_to: string | null;
}

export const findInDirectory: Statement = { name: 'move.find_in_directory', text: 'SELECT tenant_id, slug, region, cell, state, moved_to FROM control.tenant_directory WHERE tenant_id = $1' };
export const findBySlug: Statement = { name: 'move.find_by_slug', text: 'SELECT tenant_id FROM control.tenant_directory WHERE slug = $1 AND tenant_id <> $2' };

export const setState: Statement = {
  name: 'move.set_state',
  text: 'UPDATE control.tenant_directory SET state = $2, moved_to = $3, state_since = clock_timestamp() WHERE tenant_id = $1',
};

export const insertDirectory: Statement = {
  name: 'move.insert_directory',
  text: `
    INSERT INTO control.tenant_directory (tenant_id, slug, region, cell, state) VALUES ($1, $2, $3, $4, 'moving')
    -- it was here before, and comes back
    ON CONFLICT (tenant_id) DO UPDATE SET slug = $2, region = $3, cell = $4, state = 'moving', moved_to = NULL, state_since = clock_timestamp()`,
};

export const homeWorkspace: Statement = { name: 'move.home_workspace', text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1' };

export interface UnderWay {
  readonly leases: number;
  readonly uncertain: number;
  readonly unsealed: number;
  readonly uncovered: number;
}

/** What has still to come to rest: steps that a worker holds, effects that nobody knows about, events without a seal, chains behind their newest checkpoint. */
export const underWay: Statement = {
  name: 'move.under_way',
  text: `
    SELECT (SELECT count(*)::int FROM execution.steps WHERE tenant_id = $1 AND state = 'leased' AND lease_expires_at > clock_timestamp()) AS leases,
           (SELECT count(*)::int FROM execution.steps WHERE tenant_id = $1 AND state = 'uncertain') AS uncertain,
           (SELECT coalesce(sum(cardinality(event_ids)), 0)::int FROM audit.pending WHERE tenant_id = $1) AS unsealed,
           (SELECT count(*)::int FROM audit.chain_heads h WHERE h.tenant_id = $1 AND NOT EXISTS
             (SELECT FROM audit.checkpoints c WHERE (c.tenant_id, c.chain, c.seq) = (h.tenant_id, h.chain, h.seq))) AS uncovered`,
};

export const recordMove: Statement = {
  name: 'move.record',
  text: `
    INSERT INTO control.tenant_moves (tenant_id, id, state, from_cell, to_cell, digest, rows, objects) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (tenant_id, id) DO UPDATE SET state = $3, digest = coalesce($6, control.tenant_moves.digest), rows = coalesce($7, control.tenant_moves.rows), objects = coalesce($8, control.tenant_moves.objects), changed_at = clock_timestamp()`,
};

/** The move that is not over yet, so that a second attempt goes on with it. */
export const openMove: Statement = {
  name: 'move.open',
  text: `SELECT id FROM control.tenant_moves WHERE tenant_id = $1 AND from_cell = $2 AND to_cell = $3 AND state NOT IN ('cut_over', 'abandoned') ORDER BY began_at DESC LIMIT 1`,
};

/** The newest move that was not given up, done or not. */
export const lastMove: Statement = {
  name: 'move.last',
  text: `SELECT id FROM control.tenant_moves WHERE tenant_id = $1 AND from_cell = $2 AND to_cell = $3 AND state <> 'abandoned' ORDER BY began_at DESC LIMIT 1`,
};

export const moveFacts: Statement = { name: 'move.facts', text: 'SELECT digest, rows::int AS rows, objects FROM control.tenant_moves WHERE tenant_id = $1 AND id = $2' };

const PAGE = 500;

/** The rows of a tenant as text, in the order of their bytes. Columns in `without` are left blank: they are not the same at both ends. */
export async function eachPage(tx: Transaction, table: MovedTable, tenantId: string, onPage: (rows: readonly string[]) => Promise<void> | void, without: readonly string[] = []): Promise<void> {
  const cursor = `move_${table.name.replace('.', '_')}`;
  const shown = without.length === 0 ? 't::text' : `ROW(${table.columns.filter((column) => !without.includes(column)).map((column) => `t."${column}"`).join(', ')})::text`;
  await tx.change({ name: `${cursor}.${without.length}`, text: `DECLARE ${cursor} NO SCROLL CURSOR FOR SELECT ${shown} AS row FROM ${table.name} t WHERE t.tenant_id = $1 ORDER BY (${shown}) COLLATE "C"` }, [tenantId]);
  for (;;) {
    const rows = await tx.rows<{ row: string }>({ name: `${cursor}.next`, text: `FETCH ${PAGE} FROM ${cursor}` });
    if (rows.length > 0) await onPage(rows.map(({ row }) => row));
    if (rows.length < PAGE) break;
  }
  await tx.change({ name: `${cursor}.close`, text: `CLOSE ${cursor}` });
}

/** Writes rows as they were read, generated columns aside. */
export async function writeRows(tx: Transaction, { name, columns }: MovedTable, rows: readonly string[]): Promise<void> {
  const list = columns.map((column) => `"${column}"`).join(', ');
  await tx.change({ name: `move.write.${name}`, text: `INSERT INTO ${name} (${list}) OVERRIDING SYSTEM VALUE SELECT ${columns.map((column) => `(s.r)."${column}"`).join(', ')} FROM (SELECT row::${name} AS r FROM unnest($1::text[]) AS row) s` }, [rows]);
}

export async function removeRows(tx: Transaction, tables: readonly MovedTable[], tenantId: string): Promise<number> {
  let removed = 0;
  for (const { name } of tables) removed += await tx.change({ name: `move.remove.${name}`, text: `DELETE FROM ${name} WHERE tenant_id = $1` }, [tenantId]);
  return removed;
}

/** For this transaction, triggers and foreign keys do not look: rows arrive in any order and must not be changed. They are looked at afterwards. */
export const pastTriggers: Statement = { name: 'move.past_triggers', text: 'SET LOCAL session_replication_role = replica' };

export interface WrappedRow {
  readonly id: string;
  readonly kind: 'seal' | 'sign';
  readonly purpose: string;
  readonly generation: number;
  readonly kek: string;
  readonly wrapped: Buffer;
}

export const wrappedKeys: Statement = {
  name: 'move.wrapped_keys',
  text: 'SELECT id, kind, purpose, generation, kek, wrapped FROM control.wrapped_keys WHERE tenant_id = $1 AND wrapped IS NOT NULL ORDER BY id',
};

export const rewrapKey: Statement = { name: 'move.rewrap_key', text: 'UPDATE control.wrapped_keys SET kek = $3, wrapped = $4, rewrapped_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2' };

/** Signing keys that sign, or will, and of which there is no wrapped key: derived from the key file of their cell, they stay behind. */
export const derivedSigningKeys: Statement = {
  name: 'move.derived_signing_keys',
  text: `
    SELECT k.purpose FROM control.signing_keys k WHERE k.tenant_id = $1 AND k.retired_at IS NULL AND k.superseded_at IS NULL
       AND NOT EXISTS (SELECT FROM control.wrapped_keys w WHERE (w.tenant_id, w.kind, w.purpose, w.generation) = (k.tenant_id, 'sign', k.purpose, k.generation)) ORDER BY 1`,
};

/** Where sealed bytes begin with 01 they were sealed under the key file itself. */
export const sealsOfBefore: Statement = {
  name: 'move.seals_of_before',
  text: `
    SELECT (SELECT count(*) FROM execution.contents WHERE tenant_id = $1 AND get_byte(sealed, 0) = 1)::int + (SELECT count(*) FROM control.credentials WHERE tenant_id = $1 AND get_byte(sealed, 0) = 1)::int
           + (SELECT count(*) FROM control.approvals WHERE tenant_id = $1 AND (get_byte(action_sealed, 0) = 1 OR get_byte(preview_sealed, 0) = 1))::int
           + (SELECT count(*) FROM execution.decisions WHERE tenant_id = $1 AND get_byte(input_sealed, 0) = 1)::int AS count`,
};

const objectColumns: Statement = {
  name: 'move.object_columns',
  text: `
    SELECT n.nspname || '.' || c.relname AS table, a.attname::text AS column FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname IN ('control', 'execution', 'audit') AND c.relkind = 'r' AND a.attname IN ('object_key', 'parts_key', 'diff_key', 'bundle_key') AND NOT a.attisdropped ORDER BY 1, 2`,
};

/** The keys of all objects that rows of the tenant name. */
export async function objectKeys(tx: Transaction, tenantId: string): Promise<string[]> {
  const keys = new Set<string>();
  for (const { table, column } of await tx.rows<{ table: string; column: string }>(objectColumns)) {
    const rows = await tx.rows<{ key: string }>({ name: `move.objects.${table}.${column}`, text: `SELECT DISTINCT "${column}" AS key FROM ${table} WHERE tenant_id = $1 AND "${column}" IS NOT NULL` }, [tenantId]);
    for (const { key } of rows) keys.add(key);
  }
  return [...keys].toSorted();
}

/** Of credentials that are not sealed in the rows: they name what stands in the secret store of a cell. */
export const secretReferences: Statement = {
  name: 'move.secret_references',
  text: `SELECT DISTINCT ref FROM control.credentials, unnest(ARRAY[secret_ref, previous_secret_ref]) AS ref WHERE tenant_id = $1 AND removed_at IS NULL AND ref IS NOT NULL ORDER BY ref`,
};

const foreignKeys: Statement = {
  name: 'move.foreign_keys',
  text: `
    SELECT k.conname AS name, k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent,
           (SELECT array_agg(a.attname::text ORDER BY i.n) FROM unnest(k.conkey) WITH ORDINALITY AS i (num, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = i.num) AS child_columns,
           (SELECT array_agg(a.attname::text ORDER BY i.n) FROM unnest(k.confkey) WITH ORDINALITY AS i (num, n) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = i.num) AS parent_columns
      FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
     WHERE k.contype = 'f' AND n.nspname IN ('control', 'execution', 'audit') AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = 'tenant_id') ORDER BY 2, 1`,
};

/** Foreign keys that rows of the tenant do not keep: they were written while nobody looked. */
export async function brokenKeys(tx: Transaction, tenantId: string): Promise<string[]> {
  const broken: string[] = [];
  const keys = await tx.rows<{ name: string; child: string; parent: string; child_columns: string[]; parent_columns: string[] }>(foreignKeys);
  for (const [index, key] of keys.entries()) {
    const set = key.child_columns.map((column) => `c."${column}" IS NOT NULL`).join(' AND ');
    const same = key.child_columns.map((column, at) => `p."${key.parent_columns[at] ?? ''}" = c."${column}"`).join(' AND ');
    const { count } = await tx.one<{ count: number }>({ name: `move.foreign_key.${index}`, text: `SELECT count(*)::int AS count FROM ${key.child} c WHERE c.tenant_id = $1 AND ${set} AND NOT EXISTS (SELECT FROM ${key.parent} p WHERE ${same})` }, [tenantId]);
    if (count > 0) broken.push(`${key.child}.${key.name}: ${count}`);
  }
  return broken;
}

const becomeControl: Statement = { name: 'move.become_control', text: 'SET LOCAL ROLE countersign_control' };

/** How many rows of a tenant the control plane would see while it acts for whom the transaction was opened, of each of `tables` that it may read. */
export async function seenByControl(tx: Transaction, tables: readonly MovedTable[], tenantId: string): Promise<Map<string, number>> {
  await tx.change(becomeControl);
  const seen = new Map<string, number>();
  for (const { name } of tables) {
    const { may } = await tx.one<{ may: boolean }>({ name: 'move.may_read', text: `SELECT has_table_privilege('countersign_control', $1, 'SELECT') AS may` }, [name]);
    if (may) seen.set(name, (await tx.one<{ count: number }>({ name: `move.seen.${name}`, text: `SELECT count(*)::int AS count FROM ${name} WHERE tenant_id = $1` }, [tenantId])).count);
  }
  return seen;
}

export const listChains: Statement = { name: 'move.list_chains', text: 'SELECT chain, seq::int AS seq FROM audit.chain_heads WHERE tenant_id = $1 AND seq > 0 ORDER BY chain' };
