import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { PasskeyRow } from './queries.ts';

/** The site that passkeys are for (WebAuthn Level 3: the relying party). */
export interface RelyingParty {
  /** The console's host name, or a domain above it; `localhost` is one, an address is not. */
  readonly id: string;
  /** The console's origin. */
  readonly origin: string;
}

export interface NewCredential {
  readonly credentialId: Buffer;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly aaguid: string;
  readonly backedUp: boolean;
}

export type PasskeyErrorCode = 'response_malformed' | 'attestation_not_wanted' | 'not_verified';

/** Why an answer of an authenticator is not taken. The cause is for the log. */
export class PasskeyError extends Error {
  override readonly name = 'PasskeyError';
  readonly code: PasskeyErrorCode;

  constructor(code: PasskeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** ES256, EdDSA and RS256 (COSE), which is what there is in the field. */
const ALGORITHMS = [-8, -7, -257];

/** The console, whose passkeys are kept for its host unless the operator has named a domain above it. */
export function relyingPartyOf({ publicUrl, passkeyRpId }: { readonly publicUrl: string; readonly passkeyRpId: string | null }): RelyingParty {
  const url = new URL(publicUrl);
  return { id: passkeyRpId ?? url.hostname, origin: url.origin };
}

/** What `navigator.credentials.create` takes. A passkey knows its person by itself (resident) and verifies them (PIN, finger, face). */
export async function registrationOptions(party: RelyingParty, person: { readonly handle: string; readonly name: string }, known: readonly PasskeyRow[]) {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server');
  return generateRegistrationOptions({
    rpName: 'Countersign', rpID: party.id, userName: person.name, userDisplayName: person.name, userID: new Uint8Array(Buffer.from(person.handle)),
    attestationType: 'none', supportedAlgorithmIDs: ALGORITHMS, timeout: 300_000,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: known.map(({ credential_id, transports }) => ({ id: credential_id.toString('base64url'), transports })),
  });
}

/** What `navigator.credentials.get` takes: any passkey that the browser has for this site. */
export async function assertionOptions(party: RelyingParty) {
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
  return generateAuthenticationOptions({ rpID: party.id, userVerification: 'required', timeout: 300_000 });
}

/** Checks what a new passkey says of itself. @throws PasskeyError */
export async function verifyRegistration(party: RelyingParty, response: unknown, challenge: string): Promise<NewCredential> {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  const wellFormed = response as RegistrationResponseJSON;
  await refuseCertificates(wellFormed);
  const verified = await verifyRegistrationResponse({
    response: wellFormed, expectedChallenge: challenge, expectedOrigin: party.origin, expectedRPID: party.id, requireUserVerification: true, supportedAlgorithmIDs: ALGORITHMS,
  }).catch((cause: unknown) => { throw new PasskeyError('not_verified', 'The passkey does not fit this site or this attempt.', { cause }); });
  if (!verified.verified) throw new PasskeyError('not_verified', 'The passkey does not fit this site or this attempt.');
  const { credential, aaguid, credentialBackedUp } = verified.registrationInfo;
  return {
    credentialId: Buffer.from(credential.id, 'base64url'), publicKey: Buffer.from(credential.publicKey), counter: credential.counter,
    transports: (credential.transports ?? []).map(String).slice(0, 10), aaguid, backedUp: credentialBackedUp,
  };
}

/** Checks that the owner of a passkey is there, and gives the new counter. @throws PasskeyError */
export async function verifyAssertion(party: RelyingParty, response: unknown, challenge: string, passkey: PasskeyRow): Promise<{ readonly counter: number; readonly backedUp: boolean }> {
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON, expectedChallenge: challenge, expectedOrigin: party.origin, expectedRPID: party.id, requireUserVerification: true,
    credential: { id: passkey.credential_id.toString('base64url'), publicKey: new Uint8Array(passkey.public_key), counter: passkey.counter, transports: passkey.transports },
  }).catch((cause: unknown) => { throw new PasskeyError('not_verified', 'The answer does not fit this site, this attempt or the passkey.', { cause }); });
  if (!verified) throw new PasskeyError('not_verified', 'The signature is not the passkey\'s.');
  return { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp };
}

/** The id of the credential that an answer is by. @throws PasskeyError for what is no answer of an authenticator */
export function credentialIdOf(response: unknown): Buffer {
  const id = typeof response === 'object' && response !== null && 'id' in response ? response.id : undefined;
  if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,1400}$/.test(id)) throw new PasskeyError('response_malformed', 'The answer names no credential.');
  return Buffer.from(id, 'base64url');
}

/**
 * We ask for no attestation, and take none with certificates: checking those would fetch revocation lists from wherever the certificate says,
 * which is wherever the sender likes.
 */
async function refuseCertificates(response: RegistrationResponseJSON): Promise<void> {
  const { decodeAttestationObject, isoBase64URL } = await import('@simplewebauthn/server/helpers');
  let format: string;
  let hasCertificates: boolean;
  try {
    const attestation = decodeAttestationObject(isoBase64URL.toBuffer(response.response.attestationObject));
    format = attestation.get('fmt');
    hasCertificates = attestation.get('attStmt').get('x5c') !== undefined;
  } catch (cause) {
    throw new PasskeyError('response_malformed', 'The answer is not that of an authenticator.', { cause });
  }
  if (hasCertificates || (format !== 'none' && format !== 'packed')) throw new PasskeyError('attestation_not_wanted', 'The passkey brings an attestation by certificates, which was not asked for.');
}
