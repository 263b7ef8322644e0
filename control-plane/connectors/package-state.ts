import { hash } from 'node:crypto';
import { isDeclared } from '@countersign/contracts/connectors/binding-problems.ts';
import { manifestChanges } from '@countersign/contracts/connectors/package/manifest-changes.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { InstalledPackage, InstancePins, PublishedManifest } from './repository-instance-packages.ts';

type InstancePackage = components['schemas']['InstancePackage'];

/**
 * What an instance may run, against what is installed. `published` holds the pinned version, the installed one as far as it is
 * published, and the newest, newest first. Pure: what is read and when is the caller's.
 */
export function packageState(pins: InstancePins, installed: InstalledPackage | null, published: readonly PublishedManifest[]): InstancePackage {
  const pinned = { version: pins.connector_version, manifest_digest: pins.manifest_digest, package_digest: pins.package_digest };
  const declared = published.find((each) => each.connector === pins.connector && each.version === pins.connector_version);
  if (installed === null && declared !== undefined && isDeclared(declared.manifest)) return declaredState(pins, declared, published.find((each) => each.connector === pins.connector) ?? declared);
  const found = installed === null ? null : { version: installed.version, manifest_digest: installed.manifest_digest, package_digest: installed.package_digest };
  const state = stateOf(pinned, found, installed?.declared === true);
  const versionOf = (version: string): PublishedManifest | undefined => published.find((each) => each.connector === pins.connector && each.version === version);
  const candidate = found === null || state === 'current' ? undefined : versionOf(found.version);
  const isInstalled = candidate !== undefined && found !== null && candidate.manifest_digest === found.manifest_digest && candidate.package_digest === found.package_digest;
  const before = versionOf(pins.connector_version);
  return {
    state, etag: packageEtag(pins), pinned, installed: found,
    approvable: isInstalled ? found : null,
    changes: isInstalled && before !== undefined ? manifestChanges(before.manifest, candidate.manifest) : [],
  };
}

/** A connector without code runs from the manifest that it is pinned to, so nothing stops it when a newer one is published. */
function declaredState(pins: InstancePins, pinned: PublishedManifest, newest: PublishedManifest): InstancePackage {
  const digests = ({ version, manifest_digest, package_digest }: PublishedManifest): Digests => ({ version, manifest_digest, package_digest });
  const isNewer = newest.version !== pinned.version;
  return {
    state: 'current', etag: packageEtag(pins), pinned: digests(pinned), installed: digests(pinned),
    approvable: isNewer ? digests(newest) : null, changes: isNewer ? manifestChanges(pinned.manifest, newest.manifest) : [],
  };
}

/** Names what an instance is pinned to, so that two admins do not approve past one another. */
export function packageEtag({ connector_version, manifest_digest, package_digest }: InstancePins): string {
  return `"${hash('sha256', `${connector_version}\n${manifest_digest}\n${package_digest ?? ''}`, 'hex').slice(0, 16)}"`;
}

type Digests = InstancePackage['pinned'];

function stateOf(pinned: Digests, installed: Digests | null, declared: boolean): InstancePackage['state'] {
  if (installed === null) return 'not_installed';
  const sameManifest = installed.version === pinned.version && installed.manifest_digest === pinned.manifest_digest;
  if (!sameManifest) return 'changed';
  if (pinned.package_digest === null) return declared ? 'current' : 'unsigned';
  return pinned.package_digest === installed.package_digest ? 'current' : 'changed';
}
