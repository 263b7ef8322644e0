import type { Spool } from '../spool/spool.ts';

/** A bundle as the cell served it, and when the cell last said that it is the newest. */
export interface KeptBundle {
  readonly etag: string;
  readonly bytes: Uint8Array;
  readonly confirmed_at: Date;
}

/**
 * What policy remembers over a restart, in the spool: the last bundle that decided, so that an agent without its cell decides by it until its time is over, and
 * the highest number ever accepted, so that nobody brings back an older one. The bundle is signed, so what is read is verified like what is fetched.
 */
export class KeptBundles {
  readonly #spool: Pick<Spool, 'commit'>;
  readonly #scope: string;

  constructor(spool: Pick<Spool, 'commit'>, scope: string) {
    this.#spool = spool;
    this.#scope = scope;
  }

  async read(): Promise<KeptBundle | null> {
    const [bundle, confirmed_at] = await this.#spool.commit((tx) => [tx.kept(this.#name('bundle')), tx.kept(this.#name('confirmed_at'))]);
    if (bundle === undefined || confirmed_at === undefined) return null;
    const { etag, bytes } = JSON.parse(bundle) as { etag: string; bytes: string };
    return { etag, bytes: Buffer.from(bytes, 'base64'), confirmed_at: new Date(confirmed_at) };
  }

  keep({ etag, bytes, confirmed_at }: KeptBundle): Promise<void> {
    return this.#spool.commit((tx) => {
      tx.keep(this.#name('bundle'), JSON.stringify({ etag, bytes: Buffer.from(bytes).toString('base64') }));
      tx.keep(this.#name('confirmed_at'), confirmed_at.toISOString());
    });
  }

  confirm(at: Date): Promise<void> {
    return this.#spool.commit((tx) => tx.keep(this.#name('confirmed_at'), at.toISOString()));
  }

  highestSeq(): Promise<number> {
    return this.#spool.commit((tx) => Number(tx.kept(this.#name('seq')) ?? 0));
  }

  keepHighestSeq(seq: number): Promise<void> {
    return this.#spool.commit((tx) => tx.keep(this.#name('seq'), String(seq)));
  }

  #name(what: 'bundle' | 'confirmed_at' | 'seq'): string {
    return `policy/${this.#scope}/${what}`;
  }
}
