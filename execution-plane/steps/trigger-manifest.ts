import type { Gateway } from '@countersign/connectors/gateway/ports.ts';
import type { TriggerManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { RunFacts } from '../dispatch/repository-runs.ts';

/** What the connector declares of the event that starts such runs; undefined where a person or the runtime starts them. */
export function triggerManifestOf(gateway: Pick<Gateway, 'manifests'>, { definition: { trigger } }: RunFacts): TriggerManifest | undefined {
  if (typeof trigger === 'string' || !('connector' in trigger)) return undefined;
  return gateway.manifests().find((manifest) => manifest.name === trigger.connector)?.triggers?.[trigger.event];
}
