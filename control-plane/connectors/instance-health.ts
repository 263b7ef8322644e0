import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { HealthColumns } from './queries.ts';

/** What the workers know of an instance, as the API shows it. One that nobody has complained about is closed and unlimited. */
export function shownHealth(row: HealthColumns): components['schemas']['InstanceHealth'] {
  const { window_limit: limit, window_ends_at: endsAt, window_source: source } = row;
  return {
    circuit: row.circuit,
    last_failure_code: row.last_failure_code,
    probe_at: row.probe_at?.toISOString() ?? null,
    blocked_until: row.blocked_until?.toISOString() ?? null,
    window: limit === null || endsAt === null || source === null ? null : { limit, count: row.window_count ?? 0, ends_at: endsAt.toISOString(), source },
  };
}
