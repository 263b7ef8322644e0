import type { Pdp } from './pdp.ts';
import type { PdpStatus } from './pdp-status.ts';

/** The decision points of a worker: one per tenant, started when that tenant's first call comes. */
export interface PdpPool {
  /** Resolves when the tenant's decision point has tried its first refresh. */
  pdpFor(tenantId: string): Promise<Pdp>;
  statuses(): PdpStatus[];
  stop(): Promise<void>;
}

export function createPdpPool(make: (tenantId: string) => Pdp): PdpPool {
  const pdps = new Map<string, { pdp: Pdp; started: Promise<void> }>();
  return {
    async pdpFor(tenantId) {
      let entry = pdps.get(tenantId);
      if (entry === undefined) {
        const pdp = make(tenantId);
        entry = { pdp, started: pdp.start() };
        pdps.set(tenantId, entry);
      }
      await entry.started;
      return entry.pdp;
    },
    statuses: () => [...pdps.values()].map(({ pdp }) => pdp.status()),
    async stop() {
      await Promise.all([...pdps.values()].map(({ pdp }) => pdp.stop()));
      pdps.clear();
    },
  };
}
