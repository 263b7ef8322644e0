import { getAsset, isSea } from 'node:sea';
import manifest from './package.json' with { type: 'json' };

export const AGENT_VERSION: string = manifest.version;

/** As releases name it: `linux-x64`. */
export const PLATFORM = `${process.platform}-${process.arch}`;

/** What this binary is made of, as CycloneDX JSON; null where the agent runs from its source. */
export function sbom(): string | null {
  return isSea() ? getAsset('sbom.json', 'utf8') : null;
}
