/**
 * Dead Simple Signing Envelope (https://github.com/secure-systems-lab/dsse, v1.0.0). What is signed is the pre-authentication encoding of the type
 * and the payload's bytes, never the JSON around them; who verifies uses the bytes that the signature was checked over, and no others.
 * The specification lets base64 be spelled in two alphabets; we write one (RFC 4648 section 4, padded) and take no other, so that no byte of an
 * envelope can change unseen.
 */
export const IN_TOTO_PAYLOAD = 'application/vnd.in-toto+json';

export interface DsseEnvelope {
  /** base64 of the payload. */
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: ReadonlyArray<{ readonly keyid: string; readonly sig: string }>;
}

/** `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`, lengths in bytes, in ASCII decimal. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

export function envelopeOf(payloadType: string, payload: Uint8Array, signatures: ReadonlyArray<{ readonly keyid: string; readonly signature: Uint8Array }>): DsseEnvelope {
  return {
    payload: Buffer.from(payload).toString('base64'), payloadType,
    signatures: signatures.map(({ keyid, signature }) => ({ keyid, sig: Buffer.from(signature).toString('base64') })),
  };
}

/** The bytes that `text` is the one spelling of; undefined where it is another spelling, or none. */
export function decodeBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
