/**
 * One SQLite file: entries, orders, calls and what else must change together with them. It replaces what would be a log format, a recovery and an
 * index of our own (docs/decisions/0050). A transaction is on the disk when its commit returns (`synchronous=FULL` over a write-ahead log).
 */
export const SPOOL_SCHEMA = `
  CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    clock_offset_ms INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    step_id TEXT NOT NULL,
    fence INTEGER NOT NULL,
    envelope_sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'begun', 'ended')),
    begin_before TEXT NOT NULL,
    receipt_known INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS orders_by_step ON orders (step_id, fence);
  CREATE INDEX IF NOT EXISTS orders_under_way ON orders (id) WHERE state <> 'ended';
  CREATE INDEX IF NOT EXISTS orders_untold ON orders (id) WHERE receipt_known = 0;
  CREATE INDEX IF NOT EXISTS orders_by_age ON orders (begin_before);
  CREATE TABLE IF NOT EXISTS order_contents (order_id TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS calls (
    call_id TEXT PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'succeeded', 'failed', 'uncertain')),
    intended_at TEXT NOT NULL,
    sealed BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

/** Before anything else: one process alone, so that no shared memory is asked of a disk that may be full. */
export const ALONE = 'PRAGMA locking_mode = EXCLUSIVE';
/** Of a new file: what is deleted can be given back to the disk. It writes, even where it changes nothing. */
export const GIVES_BACK = 'PRAGMA auto_vacuum = INCREMENTAL';
/** Every commit is on the disk; the log is worked in after a MiB, and goes back to that where one commit made it longer. */
export const SPOOL_PRAGMAS = ['journal_mode = WAL', 'synchronous = FULL', 'wal_autocheckpoint = 256', 'journal_size_limit = 1048576', 'trusted_schema = OFF'];
/** Works the log in and cuts it off: its room is the disk's again. */
export const CUT_LOG = 'PRAGMA wal_checkpoint(TRUNCATE)';
