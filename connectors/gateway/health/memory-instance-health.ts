import { HEALTHY } from './health-store.ts';
import type { Circuit, CircuitRules, HealthView, InstanceHealthStore, InstanceKey, LearntLimit } from './health-store.ts';

interface Row {
  circuit: Circuit;
  failures: number;
  lastFailureAt: number;
  lastFailureCode: string | null;
  openings: number;
  probeAt: number;
  probeUntil: number;
  blockedUntil: number;
  window: { limit: number; count: number; endsAt: number; source: 'manifest' | 'peer' } | null;
}

/** Health in the memory of the one process that reaches its instances: an agent, or a test that moves the clock. Passes the same conformance suite as the Postgres one. */
export class MemoryInstanceHealth implements InstanceHealthStore {
  readonly #rows = new Map<string, Row>();
  readonly #now_ms: () => number;

  /** @param now_ms monotonic */
  constructor(now_ms: () => number = () => performance.now()) {
    this.#now_ms = now_ms;
  }

  refresh(key: InstanceKey, used: number, manifestLimit: number | null): Promise<HealthView> {
    const row = manifestLimit === null ? this.#rows.get(nameOf(key)) : this.#row(key);
    if (row === undefined) return Promise.resolve(HEALTHY);
    if (row.window !== null && row.window.endsAt <= this.#now_ms()) row.window = null;
    if (row.window !== null) row.window.count += used;
    else if (manifestLimit !== null) row.window = { limit: manifestLimit, count: used, endsAt: this.#now_ms() + 60_000, source: 'manifest' };
    return Promise.resolve(this.#view(row));
  }

  failed(key: InstanceKey, code: string, rules: CircuitRules): Promise<{ from: Circuit; to: Circuit }> {
    const row = this.#row(key);
    const from = row.circuit;
    row.failures = row.lastFailureAt > this.#now_ms() - rules.failureWindowMs ? row.failures + 1 : 1;
    row.lastFailureAt = this.#now_ms();
    row.lastFailureCode = code;
    if (from === 'half_open' || (from === 'closed' && row.failures >= rules.failures)) {
      row.circuit = 'open';
      row.probeAt = this.#now_ms() + Math.min(rules.openMs * 2 ** row.openings, rules.longestOpenMs);
      row.probeUntil = Number.NEGATIVE_INFINITY;
      row.openings += 1;
    }
    return Promise.resolve({ from, to: row.circuit });
  }

  succeeded(key: InstanceKey): Promise<{ from: Circuit; to: Circuit }> {
    const row = this.#row(key);
    const from = row.circuit;
    Object.assign(row, { circuit: 'closed', failures: 0, openings: 0 });
    return Promise.resolve({ from, to: 'closed' });
  }

  takeProbe(key: InstanceKey, rules: CircuitRules): Promise<boolean> {
    const row = this.#row(key);
    if (row.circuit === 'closed') return Promise.resolve(true);
    if (row.probeAt > this.#now_ms() || row.probeUntil > this.#now_ms()) return Promise.resolve(false);
    row.circuit = 'half_open';
    row.probeUntil = this.#now_ms() + rules.probeMs;
    return Promise.resolve(true);
  }

  blocked(key: InstanceKey, forMs: number): Promise<void> {
    const row = this.#row(key);
    row.blockedUntil = Math.max(row.blockedUntil, this.#now_ms() + forMs);
    return Promise.resolve();
  }

  learnt(key: InstanceKey, { limit, remaining, resetsInMs }: LearntLimit): Promise<void> {
    const row = this.#row(key);
    const endsAt = this.#now_ms() + resetsInMs;
    const same = row.window !== null && row.window.source === 'peer' && Math.abs(row.window.endsAt - endsAt) <= 5_000;
    const counted = same ? row.window!.count : 0;
    row.window = { limit, count: remaining === null ? counted : Math.max(counted, limit - remaining), endsAt, source: 'peer' };
    return Promise.resolve();
  }

  #view(row: Row): HealthView {
    const probeFrom = Math.max(row.probeAt, row.probeUntil);
    return {
      circuit: row.circuit, failing: row.failures > 0, lastFailureCode: row.lastFailureCode,
      probeInMs: row.circuit === 'closed' ? 0 : Math.max(0, probeFrom - this.#now_ms()),
      blockedForMs: Math.max(0, row.blockedUntil - this.#now_ms()),
      window: row.window === null ? null : { limit: row.window.limit, count: row.window.count, endsInMs: row.window.endsAt - this.#now_ms(), source: row.window.source },
    };
  }

  #row(key: InstanceKey): Row {
    const name = nameOf(key);
    const row = this.#rows.get(name) ?? {
      circuit: 'closed', failures: 0, lastFailureAt: Number.NEGATIVE_INFINITY, lastFailureCode: null, openings: 0,
      probeAt: Number.NEGATIVE_INFINITY, probeUntil: Number.NEGATIVE_INFINITY, blockedUntil: Number.NEGATIVE_INFINITY, window: null,
    } satisfies Row;
    this.#rows.set(name, row);
    return row;
  }
}

function nameOf({ tenantId, instanceId }: InstanceKey): string {
  return `${tenantId}/${instanceId}`;
}
