// The library finds its parts through it, and refuses to load without.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, Pkcs10CertificateRequest,
  PublicKey, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509CertificateGenerator,
} from '@peculiar/x509';
import type { Extension } from '@peculiar/x509';
import { bitString, ECDSA_WITH_SHA256, element, firstInside, SEQUENCE } from './der.ts';
import { CertificateError } from './errors.ts';
import { pemOf } from './pem.ts';

/** Signs with the authority's P-256 key, which may be in a file or with a key service: ECDSA with SHA-256, as DER. */
export interface CertificateSigner {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface CertificateWish {
  /** Common name. Nobody decides by it. */
  readonly name: string;
  readonly use: 'authority' | 'client' | 'server';
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly alternative_names: ReadonlyArray<{ readonly type: 'url' | 'dns' | 'ip'; readonly value: string }>;
  readonly not_before: Date;
  readonly not_after: Date;
}

export interface IssuedCertificate {
  readonly pem: string;
  /** 16 random bytes, hex. */
  readonly serial: string;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * A certificate that `signer` signs. The library makes what is signed, with a key that is thrown away, and its signature is replaced by the signer's:
 * so a key that never leaves a key service goes the same way as one in a file.
 */
export async function issueCertificate(wish: CertificateWish, issuer: string, signer: CertificateSigner): Promise<IssuedCertificate> {
  const thrownAway = await webcrypto.subtle.generateKey(ECDSA, false, ['sign', 'verify']);
  const serial = randomSerial();
  const draft = await X509CertificateGenerator.create({
    serialNumber: serial, subject: commonName(wish.name), issuer: commonName(issuer), notBefore: wish.not_before, notAfter: wish.not_after,
    publicKey: new PublicKey(arrayOf(wish.publicKey)), signingKey: thrownAway.privateKey, signingAlgorithm: ECDSA, extensions: await extensionsOf(wish, signer),
  });
  const toSign = firstInside(new Uint8Array(draft.rawData));
  const signature = await signer.sign(toSign);
  return { pem: pemOf('CERTIFICATE', element(SEQUENCE, toSign, ECDSA_WITH_SHA256, bitString(signature))), serial };
}

/**
 * The public key of a request whose own signature proves that whoever made it has the private one. Names and wishes in it are not looked at.
 * @throws CertificateError `request_invalid`
 */
export async function publicKeyOfRequest(pem: string): Promise<Uint8Array> {
  try {
    const request = new Pkcs10CertificateRequest(pem);
    const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string };
    if (name !== 'ECDSA' || namedCurve !== 'P-256') throw new CertificateError('request_invalid', 'The request is not for a P-256 key.');
    if (!await request.verify()) throw new CertificateError('request_invalid', 'The request is not signed with the key that it is for.');
    return new Uint8Array(request.publicKey.rawData);
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError('request_invalid', 'What was sent is no certificate request in PEM (PKCS #10).', { cause: error });
  }
}

async function extensionsOf({ use, publicKey, alternative_names }: CertificateWish, signer: CertificateSigner): Promise<Extension[]> {
  const identifiers = [
    await SubjectKeyIdentifierExtension.create(new PublicKey(arrayOf(publicKey))),
    await AuthorityKeyIdentifierExtension.create(new PublicKey(arrayOf(signer.publicKey))),
  ];
  if (use === 'authority') return [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true), ...identifiers];
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([use === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth], true),
    new SubjectAlternativeNameExtension(alternative_names.map(({ type, value }) => ({ type, value }))),
    ...identifiers,
  ];
}

/** Positive and never of another length: the first bit is not set, the second is. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function commonName(name: string): Array<Record<string, string[]>> {
  return [{ CN: [name] }];
}

function arrayOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
