import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { FileKeys } from './file-keys.ts';
import { FreshCache } from './fresh-cache.ts';
import type { Kek } from './kek.ts';
import { KeysError } from './keys.ts';
import type { Keys, SealPurpose, SigningKey, SigningPurpose } from './keys.ts';
import type { KeyStore, NewWrappedKey, WrappedKey } from './repository-key-store.ts';
import { generationOf, sealUnder, unsealUnder } from './sealed-bytes.ts';
import { newPrivateKey, privateKeyBytes, privateKeyFrom, signingKeyOf } from './signing-key.ts';
import { UnwrappedKeys, contextOf } from './unwrapped-keys.ts';

/** A row is looked at again after this; a key that was shredded or superseded elsewhere is not used for longer than `EXPIRY_MS`. */
const REFRESH_MS = 30_000;
const EXPIRY_MS = 60_000;
const MAX_ROWS = 20_000;
/** Half of what random nonces are good for (2^32): another key seals from then on. */
const MAX_SEALS = 2n ** 31n;

export interface EnvelopeKeysParts {
  readonly store: KeyStore;
  /** Wraps new keys. */
  readonly kek: Kek;
  /** Unwrap, too, what they have wrapped. */
  readonly otherKeks?: readonly Kek[];
  /** Open what was sealed before keys were random, and hand over the signing keys of then. */
  readonly legacy?: readonly FileKeys[];
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

/** The key that seals for a tenant and purpose, made ready. */
interface SealingKey {
  readonly id: string;
  readonly generation: number;
  readonly key: KeyObject;
  /** How often it has sealed here since that was last written down. */
  readonly count: { seals: number };
}

type Material = { readonly kind: 'seal'; readonly key: KeyObject } | { readonly kind: 'sign'; readonly key: SigningKey };

/**
 * Envelope encryption: every tenant and purpose has random keys of its own, which stand in the database as a root key has wrapped them. Replacing
 * the root key means wrapping them anew; destroying one's wrapped bytes shreds everything that it sealed.
 */
export class EnvelopeKeys implements Keys {
  readonly #store: KeyStore;
  readonly #kek: Kek;
  readonly #legacy: readonly FileKeys[];
  readonly #unwrapped: UnwrappedKeys<Material>;
  readonly #sealing: FreshCache<SealingKey>;
  readonly #opening: FreshCache<KeyObject>;
  readonly #signing: FreshCache<SigningKey>;
  readonly #generations: FreshCache<number>;

  constructor({ store, kek, otherKeks = [], legacy = [], now = () => performance.now() }: EnvelopeKeysParts) {
    this.#store = store;
    this.#kek = kek;
    this.#legacy = legacy;
    this.#unwrapped = new UnwrappedKeys(new Map([kek, ...otherKeks].map((one) => [one.id, one])), materialOf, now);
    const cached = { refresh_ms: REFRESH_MS, expiry_ms: EXPIRY_MS, max: MAX_ROWS, now };
    this.#sealing = new FreshCache(cached);
    this.#opening = new FreshCache(cached);
    this.#signing = new FreshCache(cached);
    this.#generations = new FreshCache(cached);
  }

  async seal(tenantId: string, purpose: SealPurpose, context: string, plain: Uint8Array): Promise<Uint8Array> {
    const found = this.#sealing.get(`${tenantId}/${purpose}`, (known) => this.#readSealingKey(tenantId, purpose, known));
    const sealing = found instanceof Promise ? await found : found;
    sealing.count.seals += 1;
    return sealUnder(sealing.key, sealing.generation, boundTo(tenantId, purpose, context), plain);
  }

  async unseal(tenantId: string, purpose: SealPurpose, context: string, sealed: Uint8Array): Promise<Uint8Array> {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const generation = generationOf(bytes);
    if (generation === 0) return this.#unsealLegacy(tenantId, purpose, context, sealed);
    const found = this.#opening.get(`${tenantId}/${purpose}/${generation}`, () => this.#readOpeningKey(tenantId, purpose, generation));
    return unsealUnder(found instanceof Promise ? await found : found, boundTo(tenantId, purpose, context), bytes);
  }

  async signingKey(tenantId: string, purpose: SigningPurpose, generation?: number): Promise<SigningKey> {
    const which = generation ?? await this.#generations.get(`${tenantId}/${purpose}`, () => this.#store.signingGeneration(tenantId, purpose));
    return this.#signing.get(`${tenantId}/${purpose}/${which}`, () => this.#readSigningKey(tenantId, purpose, which));
  }

  /** What bytes sealed now would be sealed under: whether others are older. */
  async sealingGeneration(tenantId: string, purpose: SealPurpose): Promise<number> {
    return (await this.#sealing.get(`${tenantId}/${purpose}`, (known) => this.#readSealingKey(tenantId, purpose, known))).generation;
  }

  /** The next key to seal with, for whoever stores it (`addKey`) with the reason, and then lets this `forget`. What was sealed before is opened as before. */
  async nextSealingKey(tenantId: string, purpose: SealPurpose): Promise<NewWrappedKey> {
    const newest = await this.#store.newest(tenantId, purpose);
    // A tenant whose keys were destroyed gets no others.
    if (newest !== undefined) await this.#unwrapped.of(newest);
    return this.#newSealingKey(tenantId, purpose, (newest?.generation ?? 0) + 1);
  }

  /** Drops what is remembered of a tenant's keys: they have changed. */
  forget(tenantId: string): void {
    for (const cache of [this.#sealing, this.#opening, this.#signing, this.#generations]) cache.forget((name) => name.startsWith(`${tenantId}/`));
  }

  async #readSealingKey(tenantId: string, purpose: SealPurpose, known: SealingKey | undefined): Promise<SealingKey> {
    const counted = known?.count.seals ?? 0;
    let row = await this.#store.newest(tenantId, purpose, known === undefined ? undefined : { id: known.id, count: counted });
    if (known !== undefined) known.count.seals -= counted;
    if (row === undefined || (row.wrapped !== null && BigInt(row.seals) >= MAX_SEALS)) {
      row = await this.#store.add(tenantId, await this.#newSealingKey(tenantId, purpose, (row?.generation ?? 0) + 1));
    }
    const material = await this.#unwrapped.of(row);
    return { id: row.id, generation: row.generation, key: sealingOf(material), count: known?.id === row.id ? known.count : { seals: 0 } };
  }

  async #newSealingKey(tenantId: string, purpose: SealPurpose, generation: number): Promise<NewWrappedKey> {
    const place = { tenant_id: tenantId, kind: 'seal', purpose, generation } as const;
    return { ...place, kek: this.#kek.id, wrapped: await this.#kek.wrap(contextOf(place), randomBytes(32)) };
  }

  async #readOpeningKey(tenantId: string, purpose: SealPurpose, generation: number): Promise<KeyObject> {
    const row = await this.#store.find(tenantId, 'seal', purpose, generation);
    if (row === undefined) throw new KeysError('unseal_failed', `There is no key of generation ${generation} for ${purpose} of ${tenantId}: these bytes were sealed for somebody else, or altered.`);
    return sealingOf(await this.#unwrapped.of(row));
  }

  async #readSigningKey(tenantId: string, purpose: SigningPurpose, generation: number): Promise<SigningKey> {
    const row = await this.#store.find(tenantId, 'sign', purpose, generation) ?? await this.#makeSigningKey(tenantId, purpose, generation);
    return signingOf(await this.#unwrapped.of(row));
  }

  /** A new key, unless the generation is published: then it is one that was derived from a key file, and is wrapped now like any other. */
  async #makeSigningKey(tenantId: string, purpose: SigningPurpose, generation: number): Promise<WrappedKey> {
    const published = await this.#store.publishedKid(tenantId, purpose, generation);
    const privateKey = published === undefined ? newPrivateKey(purpose) : this.#derivedBefore(tenantId, purpose, generation, published);
    const place = { tenant_id: tenantId, kind: 'sign', purpose, generation } as const;
    return this.#store.add(tenantId, { ...place, kek: this.#kek.id, wrapped: await this.#kek.wrap(contextOf(place), privateKeyBytes(privateKey)) });
  }

  #derivedBefore(tenantId: string, purpose: SigningPurpose, generation: number, kid: string): KeyObject {
    for (const file of this.#legacy) {
      const privateKey = file.privateKey(tenantId, purpose, generation);
      if (signingKeyOf(privateKey).kid === kid) return privateKey;
    }
    throw new KeysError('signing_key_missing', `The private half of the signing key ${kid} of ${tenantId} is nowhere: name the key file that it was made from in COUNTERSIGN_KEYS_ALSO, or rotate the key.`);
  }

  async #unsealLegacy(tenantId: string, purpose: SealPurpose, context: string, sealed: Uint8Array): Promise<Uint8Array> {
    let failure: unknown = new KeysError('unseal_failed', 'These bytes were sealed under a key file that this process was not given. Name it in COUNTERSIGN_KEYS_ALSO.');
    for (const file of this.#legacy) {
      try {
        return await file.unseal(tenantId, purpose, context, sealed);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

function boundTo(tenantId: string, purpose: SealPurpose, context: string): string {
  return `${purpose}/${tenantId}/${context}`;
}

function materialOf(row: WrappedKey, plain: Uint8Array): Material {
  return row.kind === 'seal' ? { kind: 'seal', key: createSecretKey(plain) } : { kind: 'sign', key: signingKeyOf(privateKeyFrom(plain)) };
}

function sealingOf(material: Material): KeyObject {
  if (material.kind !== 'seal') throw new KeysError('unwrap_failed', 'A key that signs stands where one that seals should.');
  return material.key;
}

function signingOf(material: Material): SigningKey {
  if (material.kind !== 'sign') throw new KeysError('unwrap_failed', 'A key that seals stands where one that signs should.');
  return material.key;
}
