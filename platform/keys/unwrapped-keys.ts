import type { Kek } from './kek.ts';
import { KeysError } from './keys.ts';
import type { WrappedKey } from './repository-key-store.ts';

/** So long an unwrapped key is used before the root key is asked again: when its rights are taken away, that much later nothing opens. */
const ASK_AGAIN_MS = 5 * 60_000;
/** So long it is used at most while the root key does not answer at all. */
const GIVE_UP_MS = 15 * 60_000;
const MAX_KEYS = 10_000;

interface Unwrapped<T> {
  readonly material: T;
  /** Of which bytes: re-wrapped ones are the same key. */
  readonly asked_ms: number;
}

/** Keys as the root keys have unwrapped them, in memory for minutes. `T`: what is made of the bytes, which are not kept themselves. */
export class UnwrappedKeys<T> {
  readonly #keks: ReadonlyMap<string, Kek>;
  readonly #make: (key: WrappedKey, plain: Uint8Array) => T;
  readonly #now: () => number;
  readonly #known = new Map<string, Unwrapped<T>>();

  constructor(keks: ReadonlyMap<string, Kek>, make: (key: WrappedKey, plain: Uint8Array) => T, now: () => number) {
    this.#keks = keks;
    this.#make = make;
    this.#now = now;
  }

  /** @throws KeysError `key_shredded`, `kek_unknown`, `kek_unreachable`, `kek_refused`, `unwrap_failed` */
  async of(key: WrappedKey): Promise<T> {
    if (key.wrapped === null) {
      this.#known.delete(key.id);
      throw new KeysError('key_shredded', `The key ${key.id} (${key.purpose}, generation ${key.generation}) was destroyed: what was sealed under it cannot be opened again.`);
    }
    const known = this.#known.get(key.id);
    if (known !== undefined && this.#now() - known.asked_ms < ASK_AGAIN_MS) return known.material;
    try {
      const material = this.#make(key, await unwrapKey(key, key.wrapped, this.#keks));
      this.#keep(key.id, { material, asked_ms: this.#now() });
      return material;
    } catch (error) {
      const isAway = error instanceof KeysError && error.code === 'kek_unreachable';
      if (isAway && known !== undefined && this.#now() - known.asked_ms < GIVE_UP_MS) return known.material;
      this.#known.delete(key.id);
      throw error;
    }
  }

  #keep(id: string, unwrapped: Unwrapped<T>): void {
    this.#known.delete(id);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KEYS) break;
      this.#known.delete(oldest);
    }
    this.#known.set(id, unwrapped);
  }
}

/** Asks the root key that wrapped it. */
export function unwrapKey(key: WrappedKey, wrapped: Uint8Array, keks: ReadonlyMap<string, Kek>): Promise<Uint8Array> {
  const kek = keks.get(key.kek);
  if (kek === undefined) throw new KeysError('kek_unknown', `A key of ${key.tenant_id} for ${key.purpose} is wrapped by ${key.kek}, which this process was not given. Name it in COUNTERSIGN_KEYS_ALSO.`);
  return kek.unwrap(contextOf(key), wrapped);
}

export function contextOf({ tenant_id, kind, purpose, generation }: Pick<WrappedKey, 'tenant_id' | 'kind' | 'purpose' | 'generation'>): { tenant_id: string; purpose: string; generation: string } {
  return { tenant_id, purpose: `${kind}/${purpose}`, generation: String(generation) };
}
