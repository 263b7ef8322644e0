import { getAsset, isSea } from 'node:sea';
import type { PublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import manifest from './package.json' with { type: 'json' };
import { sha256Of } from './upgrade/sha256.ts';

export const AGENT_VERSION: string = manifest.version;

/** As releases name it: `linux-x64`. */
export const PLATFORM = `${process.platform}-${process.arch}`;

/** What this binary is made of, as CycloneDX JSON; null where the agent runs from its source. */
export function sbom(): string | null {
  return isSea() ? getAsset('sbom.json', 'utf8') : null;
}

/** Whose signature the next version must have, beside the tenant's; null where this one was built without such a key. */
export function publisher(): PublisherJwk | null {
  return isSea() ? JSON.parse(getAsset('publisher.json', 'utf8')) as PublisherJwk | null : null;
}

/** Of the file that runs, as releases name it; null where the agent runs from its source. */
export async function runningSha256(): Promise<string | null> {
  return isSea() ? sha256Of(process.execPath) : null;
}
