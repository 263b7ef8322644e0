import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RELEASE_PAYLOAD } from '@countersign/contracts/agent/release.ts';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';
import { publisherKid } from '@countersign/contracts/connectors/package/signature.ts';
import type { PublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import { envelopeOf, preAuthEncoding } from '@countersign/contracts/evidence/dsse.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { isSignedBy, openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { signingKeyOf } from '@countersign/platform/keys/signing-key.ts';
import { AgentBuildError } from './errors.ts';

/** The envelope that goes beside the binary. */
export async function signRelease(release: AgentRelease, privateKey: KeyObject): Promise<DsseEnvelope> {
  const key = signingKeyOf(privateKey);
  const payload = Buffer.from(canonicalText(release));
  return envelopeOf(RELEASE_PAYLOAD, payload, [{ keyid: key.kid, signature: await key.sign(preAuthEncoding(RELEASE_PAYLOAD, payload)) }]);
}

/** @throws AgentBuildError `release_not_verified` the envelope is not one over exactly this release by the key */
export function verifyRelease(release: AgentRelease, envelope: unknown, publisher: PublisherJwk): void {
  const opened = openedEnvelope(envelope, RELEASE_PAYLOAD);
  if (opened === undefined) throw new AgentBuildError('release_not_verified', `The signature is no envelope over ${RELEASE_PAYLOAD}.`);
  const { payload, signatures } = opened;
  if (!signatures.some(({ signature }) => isSignedBy({ ...publisher }, RELEASE_PAYLOAD, payload, signature))) {
    throw new AgentBuildError('release_not_verified', `Key ${publisherKid(publisher)} has not signed it; ${signatures.map(({ keyid }) => keyid).join(', ')} is named there.`);
  }
  const said = Buffer.from(payload).toString('utf8');
  if (said !== canonicalText(release)) throw new AgentBuildError('release_not_verified', `What was signed is another file: ${said}`);
}

/** A private key of Ed25519 in PEM (`openssl genpkey -algorithm ed25519`). @throws AgentBuildError `signing_key_invalid` */
export async function readSigningKey(file: string): Promise<KeyObject> {
  return ed25519(file, createPrivateKey);
}

/** The public key in a PEM, whichever half is in it. @throws AgentBuildError `signing_key_invalid` */
export async function readPublisherKey(file: string): Promise<PublisherJwk> {
  const { kty, crv, x } = (await ed25519(file, createPublicKey)).export({ format: 'jwk' });
  return { kty, crv, x } as PublisherJwk;
}

async function ed25519(file: string, read: (pem: Buffer) => KeyObject): Promise<KeyObject> {
  try {
    const key = read(await readFile(file));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new AgentBuildError('signing_key_invalid', `${file} is no key in PEM: ${(cause as Error).message}. Make one: openssl genpkey -algorithm ed25519 -out ${file}`, { cause });
  }
  throw new AgentBuildError('signing_key_invalid', `${file} holds a key that is not Ed25519. Make one: openssl genpkey -algorithm ed25519 -out ${file}`);
}
