/** What the environment says about installing OPA. The only file here that reads it. */
export interface OpaConfig {
  /** The operator's own checksum for the release binary, where none is pinned. */
  readonly release_sha256: string | null;
  /** What a child process gets: ours plus `extra`. */
  childEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv;
}

export function readOpaConfig(environment: NodeJS.ProcessEnv = process.env): OpaConfig {
  return {
    release_sha256: environment['COUNTERSIGN_OPA_SHA256'] ?? null,
    childEnvironment: (extra) => ({ ...environment, ...extra }),
  };
}
