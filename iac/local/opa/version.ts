/** The OPA that formats, checks, tests and compiles the policies here. The committed WASM was made by exactly this one. */
export const OPA_VERSION = '1.22.0';

/**
 * SHA-256 of the release binaries that may be downloaded, by asset name. Filled in from a checksum that was verified on a second
 * way; an asset without one is not downloaded unless the operator names its checksum (COUNTERSIGN_OPA_SHA256).
 */
export const OPA_RELEASE_SHA256: Readonly<Record<string, string>> = {};

/** Whether `found` can stand in for `wanted`: the same major version and not older. Its WASM may differ in bytes. */
export function isCompatible(found: string, wanted: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbers(found);
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = numbers(wanted);
  return major === wantedMajor && (minor > wantedMinor || (minor === wantedMinor && patch >= wantedPatch));
}

function numbers(version: string): number[] {
  return version.split('.').map(Number);
}
