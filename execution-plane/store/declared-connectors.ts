import { declaredConnector } from '@countersign/connectors/declared/declared-connector.ts';
import type { DeclaredConnectors } from '@countersign/connectors/gateway/ports.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { checkManifest, ManifestError } from '@countersign/connectors/sdk/load-manifest.ts';
import { isDeclared } from '@countersign/contracts/connectors/binding-problems.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { readDeclaredManifest } from './queries.ts';

const MAX_KEPT = 500;

/**
 * Connectors without code, built from the manifest that the instance is pinned to. The manifest must have the digest that it is kept
 * under, so what runs is what was published; a connector holds nothing of its tenant and is kept by that digest.
 */
export function postgresDeclaredConnectors(database: Database, log: Logger): DeclaredConnectors {
  const kept = new Map<string, Connector>();
  return {
    async of(tenantId, instance) {
      const known = kept.get(instance.manifestDigest);
      if (known !== undefined && known.manifest.name === instance.connector) return known;
      const manifest = await database.forTenant(tenantId, (tx) => readDeclaredManifest(tx, tenantId, instance));
      if (manifest === undefined) return null;
      const made = built(manifest, instance.manifestDigest, log);
      if (made === null) return null;
      if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value ?? '');
      kept.set(instance.manifestDigest, made);
      return made;
    },
  };
}

function built(manifest: unknown, digest: string, log: Logger): Connector | null {
  try {
    const loaded = checkManifest(manifest);
    if (loaded.manifestDigest !== digest || !isDeclared(loaded.manifest)) return null;
    return declaredConnector(loaded);
  } catch (error) {
    // Checked when it was published; a version of ours that takes less than the one before would be the way here.
    if (error instanceof ManifestError) log.warn({ manifest_digest: digest, problems: error.problems }, 'a published manifest cannot be used any more');
    else throw error;
    return null;
  }
}
