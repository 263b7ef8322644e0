/** A choice of packs on top of the base, compiled here and committed. */
export interface PolicySet {
  /** The folder in `generated/`. */
  readonly name: string;
  /** Folders in `packs/`. */
  readonly packs: readonly string[];
}

/** What a tenant has that has released nothing: policy for the connectors that are shipped. */
export const SHIPPED_SET = { name: 'base-itsm', packs: ['engineering', 'itsm'] } as const satisfies PolicySet;

/** Also compiled, so that each pack is proven as it runs. A tenant puts together any choice of packs by a release. */
export const POLICY_SETS: readonly PolicySet[] = [SHIPPED_SET, { name: 'base-secops', packs: ['secops'] }];

/** The folders whose policy a set is made of. */
export function foldersOf(set: PolicySet): string[] {
  return ['base', ...set.packs.map((pack) => `packs/${pack}`)];
}

/** Who may call which operation of our own API. Not a tenant's: its one entrypoint is asked by the control plane. */
export const API_SET = { name: 'api', folder: 'api' } as const;
