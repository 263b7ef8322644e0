import type { EgressLimits } from '@countersign/platform/egress/limits.ts';
import type { EgressOptions, GuardedEgress } from '@countersign/platform/egress/egress.ts';
import type { InstanceView } from './ports.ts';

export type EgressFactory = (options: EgressOptions) => GuardedEgress;

/** One guarded way out per instance, kept open between calls. A changed instance gets a new one. */
export interface InstanceEgresses {
  /** Null for an instance without a base URL, which has nowhere to send to. @throws EgressError base_url_invalid, host_not_allowed */
  of(instance: InstanceView): GuardedEgress | null;
  close(): Promise<void>;
}

const MAX_OPEN = 500;

/** An exchange may take as long as its action; connecting and waiting for headers have their own, shorter limits. */
const LIMITS: Partial<EgressLimits> = { total_timeout_ms: 120_000 };

export function createInstanceEgresses(create: EgressFactory): InstanceEgresses {
  const open = new Map<string, GuardedEgress>();
  return {
    of(instance) {
      if (instance.baseUrl === null) return null;
      const key = JSON.stringify([instance.id, instance.baseUrl, instance.allowedHosts]);
      const known = open.get(key);
      if (known !== undefined) return known;
      const made = create({ baseUrl: instance.baseUrl, allowedHosts: instance.allowedHosts, limits: LIMITS });
      if (open.size >= MAX_OPEN) void evictOldest(open);
      open.set(key, made);
      return made;
    },
    async close() {
      const all = [...open.values()];
      open.clear();
      await Promise.all(all.map((egress) => egress.close()));
    },
  };
}

async function evictOldest(open: Map<string, GuardedEgress>): Promise<void> {
  const [oldest] = open;
  if (oldest === undefined) return;
  open.delete(oldest[0]);
  await oldest[1].close();
}
