import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface SessionLimitsRow {
  readonly idle_ms: number;
  readonly absolute_ms: number;
  /** 0: nothing was ever set. */
  readonly version: number;
  readonly set_by: string | null;
  readonly set_at: Date | null;
}

/** Where a tenant has set nothing: eight hours without use, a day in all. `sessions.insert` begins sessions with what holds. */
export const USUAL_LIMITS: SessionLimitsRow = { idle_ms: 28_800_000, absolute_ms: 86_400_000, version: 0, set_by: null, set_at: null };

export const findSessionLimits: Statement = {
  name: 'sessions.find_limits',
  text: 'SELECT idle_ms::float8 AS idle_ms, absolute_ms::float8 AS absolute_ms, version, set_by, set_at FROM control.session_limits WHERE tenant_id = $1',
};

/** $5: the version that whoever sets them has seen; null: whatever there is. 0 rows where it is another one by now. */
export const putSessionLimits: Statement = {
  name: 'sessions.put_limits',
  text: `
    INSERT INTO control.session_limits AS l (tenant_id, idle_ms, absolute_ms, set_by)
    SELECT $1, $2, $3, $4 WHERE $5::int IS NULL OR $5 = coalesce((SELECT version FROM control.session_limits WHERE tenant_id = $1), 0)
    ON CONFLICT ON CONSTRAINT session_limits_pk DO UPDATE
       SET idle_ms = EXCLUDED.idle_ms, absolute_ms = EXCLUDED.absolute_ms, set_by = EXCLUDED.set_by, set_at = clock_timestamp(), version = l.version + 1
     WHERE $5::int IS NULL OR l.version = $5`,
};

/** Sessions that there are end no later than new ones would; none is made longer by what is set later. */
export const shortenSessions: Statement = {
  name: 'sessions.shorten',
  text: `
    UPDATE control.sessions SET idle_ms = least(idle_ms, $2), expires_at = least(expires_at, created_at + $3 * interval '1 millisecond')
     WHERE tenant_id = $1 AND revoked_at IS NULL AND (idle_ms > $2 OR expires_at > created_at + $3 * interval '1 millisecond')`,
};
