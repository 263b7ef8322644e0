import { newPublisherKey, signPackage } from '@countersign/contracts/connectors/package/signature.ts';
import type { PublisherKey } from '@countersign/contracts/connectors/package/signature.ts';
import { CONNECTORS } from '@countersign/connectors/registry.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import type { CellApi } from './cell-api.ts';
import type { DataFolder } from './data-folder.ts';

type Say = (line: string) => void;

/** The cell's own publisher's key, made at its first start. */
export async function keptPublisherKey(folder: DataFolder): Promise<PublisherKey> {
  const kept = await folder.readKept<PublisherKey>('publisher', ['kty', 'crv', 'x', 'd']);
  if (kept !== undefined) return kept;
  const made = newPublisherKey();
  await folder.keep('publisher', made);
  return made;
}

/**
 * Publishes every connector that this version ships, signed by the cell. A version that was published with other content stays as it
 * was: the cell starts all the same, and says what has to be done before its instances are used again.
 */
export async function publishShipped(api: CellApi, key: PublisherKey, say: Say): Promise<void> {
  const { kty, crv, x } = key;
  await api.trustPublisher({ name: 'this cell', public_jwk: { kty, crv, x } });
  for (const connector of CONNECTORS) {
    const { changed } = await api.publishPackage(connector.manifest, signed(connector, key));
    if (!changed) continue;
    const { name, version } = connector.manifest;
    say(`! connectors/${name} was edited, but its version is still ${version}, which is published with other content. Raise \`version\` in connectors/${name}/manifest.yaml and start again.`);
  }
}

/** Says which instances do not run what is installed, why, and what approves it. */
export async function sayWhatNeedsApproval(api: CellApi, say: Say): Promise<void> {
  for (const { name, connector, package: found } of await api.instances()) {
    const shipped = CONNECTORS.find(({ manifest }) => manifest.name === connector);
    if (shipped === undefined || found === undefined) continue;
    const { pinned } = found;
    const [version, packageDigest] = [shipped.manifest.version, shipped.packageDigest ?? null];
    if (pinned.version !== version) {
      say(`! ${name} was approved for ${connector} ${pinned.version}, and ${version} is installed: its calls are refused until somebody approves that: npx countersign connector approve ${name}`);
    } else if (pinned.manifest_digest !== shipped.manifestDigest || (pinned.package_digest !== null && pinned.package_digest !== packageDigest)) {
      say(`! ${name} was approved for ${connector} ${version} as it was before the edit: its calls are refused. Once its version is raised: npx countersign connector approve ${name}`);
    } else if (pinned.package_digest === null && packageDigest !== null) {
      say(`! ${name} is not pinned to the code of ${connector} ${version} yet: npx countersign connector approve ${name}`);
    }
  }
}

/** Undefined for a connector that is no package of code. */
function signed({ manifest, manifestDigest, packageDigest, packageFiles: files }: Connector, key: PublisherKey) {
  if (packageDigest === undefined || files === undefined) return undefined;
  return { files: [...files], signature: signPackage({ name: manifest.name, version: manifest.version, manifest_digest: manifestDigest, package_digest: packageDigest }, key) };
}
