import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface AuthenticatorOptions {
  readonly algorithm?: 'ES256' | 'EdDSA';
  /** Whether it counts its signatures; passkeys that are synchronised do not. */
  readonly counts?: boolean;
}

/** What an attacker, or a broken browser, might make different. */
export interface Ceremony {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly userVerified?: boolean;
  readonly type?: string;
  /** An attestation statement in place of none. */
  readonly attestation?: { readonly format: string; readonly certificates: boolean };
}

interface Options { readonly challenge?: unknown; readonly rp?: unknown; readonly rpId?: unknown }

const FLAGS = { userPresent: 0x01, userVerified: 0x04, attestedData: 0x40 };

/** An authenticator in software, after WebAuthn Level 3, 6: it makes one credential, and signs with it. */
export class SoftwareAuthenticator {
  readonly credentialId = randomBytes(32);
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #algorithm: 'ES256' | 'EdDSA';
  readonly #counts: boolean;
  counter = 0;

  constructor({ algorithm = 'ES256', counts = true }: AuthenticatorOptions = {}) {
    const pair = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
    this.#algorithm = algorithm;
    this.#counts = counts;
  }

  /** What `navigator.credentials.create` would give for `options`, as JSON. */
  create(options: Options, ceremony: Ceremony = {}): Record<string, unknown> {
    const clientData = this.#clientData(options, { type: 'webauthn.create', ...ceremony });
    const id = this.credentialId;
    const length = Buffer.from([id.length >> 8, id.length & 0xff]);
    const data = Buffer.concat([this.#header(options, ceremony, FLAGS.attestedData), Buffer.alloc(16), length, id, this.#coseKey()]);
    const statement = ceremony.attestation?.certificates === true ? map([['alg', -7], ['sig', Buffer.alloc(64)], ['x5c', [Buffer.alloc(100, 0x30)]]]) : map([]);
    const attestation = map([['fmt', ceremony.attestation?.format ?? 'none'], ['attStmt', statement], ['authData', data]]);
    return this.#credential({ clientDataJSON: clientData.toString('base64url'), attestationObject: attestation.bytes.toString('base64url'), transports: ['internal'] });
  }

  /** What `navigator.credentials.get` would give for `options`, as JSON. */
  get(options: Options, ceremony: Ceremony = {}): Record<string, unknown> {
    if (this.#counts) this.counter += 1;
    const clientData = this.#clientData(options, { type: 'webauthn.get', ...ceremony });
    const data = this.#header(options, ceremony, 0);
    const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()]);
    const signature = sign(this.#algorithm === 'ES256' ? 'sha256' : null, signed, this.#privateKey);
    return this.#credential({ clientDataJSON: clientData.toString('base64url'), authenticatorData: data.toString('base64url'), signature: signature.toString('base64url') });
  }

  #credential(response: Record<string, unknown>): Record<string, unknown> {
    const id = this.credentialId.toString('base64url');
    return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {}, authenticatorAttachment: 'platform' };
  }

  #clientData({ challenge }: Options, ceremony: Ceremony): Buffer {
    return Buffer.from(JSON.stringify({ type: ceremony.type, challenge: ceremony.challenge ?? String(challenge), origin: ceremony.origin ?? 'http://localhost:8080', crossOrigin: false }));
  }

  #header({ rp, rpId }: Options, ceremony: Ceremony, more: number): Buffer {
    const party = ceremony.rpId ?? String(rpId ?? (rp as { id?: string } | undefined)?.id);
    const flags = FLAGS.userPresent | (ceremony.userVerified === false ? 0 : FLAGS.userVerified) | more;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([createHash('sha256').update(party).digest(), Buffer.from([flags]), counter]);
  }

  #coseKey(): Buffer {
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' });
    const point = (text: string): Buffer => Buffer.from(text, 'base64url');
    return this.#algorithm === 'ES256' ? map([[1, 2], [3, -7], [-1, 1], [-2, point(x)], [-3, point(y)]]).bytes : map([[1, 1], [3, -8], [-1, 6], [-2, point(x)]]).bytes;
  }
}

type Cbor = number | string | Buffer | CborMap | readonly Cbor[];
interface CborMap { readonly bytes: Buffer }

/** CBOR (RFC 8949) of a map, its members in the order given. */
function map(members: ReadonlyArray<readonly [number | string, Cbor]>): CborMap {
  return { bytes: Buffer.concat([head(5, members.length), ...members.flatMap(([key, value]) => [encoded(key), encoded(value)])]) };
}

function encoded(value: Cbor): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return 'bytes' in value ? value.bytes : Buffer.concat([head(4, value.length), ...value.map(encoded)]);
}

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  return value < 256 ? Buffer.from([(major << 5) | 24, value]) : Buffer.from([(major << 5) | 25, value >> 8, value & 0xff]);
}
