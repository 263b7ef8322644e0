import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';

/** What a package is to show, as whoever asks for it has put it together. */
export interface PackageWish {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly kind: PackageKind;
  readonly subjectId: string;
  /** By path, canonical JSON where the path ends in .json. Events, proofs, keys, readme and index come by themselves. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Audit events of this workspace's chain that it shows, each with its body, its link and the proof that it is in the tree. They may be pending still. */
  readonly eventIds: readonly string[];
  /** What the package claims beside its files: ids, counts and digests, never names or texts. */
  readonly predicate: Readonly<Record<string, unknown>>;
  /** A principal's id, or the name of the part of the cell that asks. */
  readonly requestedBy: string;
}

export interface BuiltPackage {
  readonly id: string;
  /** Of the archive, hex. */
  readonly sha256: string;
  readonly objectKey: string;
}

/** The port: builds a package and keeps it. Resolves when it is there, which takes until a checkpoint covers its events: seconds. */
export interface BuildsPackages {
  build(wish: PackageWish): Promise<BuiltPackage>;
}
