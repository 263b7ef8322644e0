import { loadFolder } from '@countersign/connectors/package-format/load-folder.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Tenants } from '../loops/tenants.ts';
import { publishedPackage } from './queries.ts';

/** The connectors of a worker: those that it ships, and the published packages in the folder that its operator named. */
export async function loadConnectors(shipped: readonly Connector[], folder: string | null, { database, tenants, log }: { readonly database: Database; readonly tenants: Tenants; readonly log: Logger }): Promise<readonly Connector[]> {
  if (folder === null) return shipped;
  const ids = await tenants.ids();
  const { connectors, refused } = await loadFolder(folder, shipped, async ({ manifest, packageDigest }) => {
    const found = await database.forTenants(ids, (tx) => tx.maybeOne(publishedPackage, [manifest.name, manifest.version, packageDigest]));
    return found !== undefined;
  });
  for (const { manifest, packageDigest } of connectors) log.info({ connector: manifest.name, version: manifest.version, package_digest: packageDigest }, 'a connector was loaded from the folder');
  for (const { folder: at, error } of refused) log.error({ folder: at, code: error.code, problems: error.problems }, 'a connector in the folder was not loaded');
  return [...shipped, ...connectors];
}
