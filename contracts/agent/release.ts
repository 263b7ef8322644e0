/**
 * One build of the agent's binary, as it is signed (DSSE): by whoever published it when it was built, and by the tenant's `agent_release` key when an
 * administrator lets a pool have it. `release.schema.json` is what is checked.
 */
export const RELEASE_PAYLOAD = 'application/vnd.countersign.agent-release.v1+json';
export const RELEASE_FORMAT = 'countersign.dev/agent-release/v1';

export interface AgentRelease {
  readonly format: typeof RELEASE_FORMAT;
  readonly version: string;
  /** `linux-x64`: as an agent names its own. */
  readonly platform: string;
  /** SHA-256 of the file, 64 hex digits. */
  readonly sha256: string;
  readonly size_bytes: number;
  /** The protocol that it speaks. */
  readonly protocol: number;
}
