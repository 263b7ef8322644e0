import type { BundleSource, ServedBundle } from '@countersign/platform/opa/bundle-source.ts';
import { PdpError } from '@countersign/platform/opa/errors.ts';
import type { TrustedClock } from '../clock/trusted-clock.ts';
import type { FetchBundle } from '../ports.ts';
import type { KeptBundle, KeptBundles } from './kept-bundle.ts';

export interface ServedBundlesOptions {
  readonly scope: string;
  readonly kept: KeptBundles;
  readonly fetchBundle: FetchBundle;
  /** Number of the key set that is held now. */
  readonly keySetSeq: () => number;
  readonly clock: Pick<TrustedClock, 'now' | 'notBefore'>;
}

/** What was given to be verified, or confirmed where there are no bytes; `keys`: the key set that it is verified by. */
interface Given {
  readonly at: Date;
  readonly keys: number | null;
  readonly fetched: Pick<ServedBundle, 'bytes' | 'etag'> | null;
}

/** The bundles of one scope: what was kept over a restart, where there is something, and from then on what the cell serves. */
export class ServedBundles implements BundleSource {
  readonly #options: ServedBundlesOptions;
  #kept: KeptBundle | null = null;
  #given: Given | null = null;
  #verifiedBy: number | null = null;

  constructor(options: ServedBundlesOptions) {
    this.#options = options;
  }

  /** What is given first. However this machine's clock was set meanwhile, its time is not longer than it was. */
  beginWith(kept: KeptBundle): void {
    this.#kept = kept;
    this.#options.clock.notBefore(kept.confirmed_at);
  }

  async latest(known: string | null): Promise<ServedBundle | 'not_modified'> {
    this.#given = null;
    const { scope, fetchBundle, keySetSeq, clock } = this.#options;
    const keys = keySetSeq();
    const kept = this.#kept;
    this.#kept = null;
    if (kept !== null) {
      this.#given = { at: kept.confirmed_at, keys, fetched: null };
      return kept;
    }
    const at = clock.now();
    // By other keys than it was verified by, what is held is verified again.
    const answer = await fetchBundle(scope, keys === this.#verifiedBy ? known : null).catch((cause: unknown) => {
      throw new PdpError('source_unavailable', `the cell does not serve it: ${(cause as Error).message}`, { cause });
    });
    const fetched = answer.status === 304 ? null : { bytes: answer.body, etag: answer.etag };
    this.#given = { at, keys: fetched === null ? null : keys, fetched };
    return fetched ?? 'not_modified';
  }

  /** What was given last was good: it is remembered, and when that was. */
  async taken(): Promise<void> {
    const given = this.#given;
    if (given === null) return;
    this.#verifiedBy = given.keys ?? this.#verifiedBy;
    if (given.fetched === null) await this.#options.kept.confirm(given.at);
    else await this.#options.kept.keep({ ...given.fetched, confirmed_at: given.at });
  }
}
