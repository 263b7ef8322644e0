import type { Connector } from '../sdk/connector.ts';
import type { InstanceView } from './ports.ts';

/** What an instance is pinned to. */
export type PinnedInstance = Pick<InstanceView, 'name' | 'connector' | 'connectorVersion' | 'manifestDigest' | 'packageDigest'>;

/**
 * Why an instance does not run the package that is installed, or null when it is the one that was approved for it. An instance runs
 * only the manifest and the code that it is pinned to.
 */
export function packageProblem(instance: PinnedInstance, connector: Connector): { readonly code: 'manifest_changed' | 'package_changed' | 'package_unapproved'; readonly message: string } | null {
  const { name, version } = connector.manifest;
  const pinned = `The instance ${instance.name} is pinned to ${instance.connector} ${instance.connectorVersion}`;
  const fix = `See \`countersign connector instances\`, then approve it with \`countersign connector approve ${instance.name}\``;
  if (instance.connectorVersion !== version) return { code: 'manifest_changed', message: `${pinned}, and installed is ${version}. ${fix}.` };
  if (instance.manifestDigest !== connector.manifestDigest) {
    return { code: 'manifest_changed', message: `${pinned} with another manifest than the one installed, which was edited without a new version. Raise \`version\` in ${name}/manifest.yaml, publish it, and approve it.` };
  }
  // Publications without a package pin the manifest alone; they are for what is shipped with Countersign, never for what was loaded.
  const pin = instance.packageDigest ?? null;
  if (pin === null) {
    return connector.origin === 'folder'
      ? { code: 'package_unapproved', message: `${pinned} without its code, so the code of ${name} in the connectors' folder was never approved for it. Publish the signed package as a new version, then approve it.` }
      : null;
  }
  if (connector.packageDigest !== pin) {
    return { code: 'package_changed', message: `${pinned} with other code than the one installed, which was edited without a new version. Raise \`version\` in ${name}/manifest.yaml, publish it, and approve it.` };
  }
  return null;
}
