/** `confirmed_at`: when it was last known to be the newest, where that is not now. */
export interface ServedBundle {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly confirmed_at?: Date;
}

/** Where a decision point gets its bundle from: the control plane's bundle API, the database, a file. Its answers are not trusted. */
export interface BundleSource {
  /** The newest bundle, or `not_modified` where it is the one with the etag `known`. Rejects where the source cannot be reached. */
  latest(known: string | null): Promise<ServedBundle | 'not_modified'>;
}

/** The highest sequence ever accepted for a tenant and scope, kept where a restart does not lose it. 0 at first. */
export interface HighestSeq {
  get(): Promise<number>;
  put(seq: number): Promise<void>;
}
