import { hash } from 'node:crypto';
import type { SigningKey } from '@countersign/platform/keys/keys.ts';

/** A request of ours, as it is sent. */
export interface OutgoingMessage {
  readonly method: string;
  readonly url: string;
  /** By lower-case name, each with one value. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs a request by HTTP Message Signatures (RFC 9421), and gives the two headers that say so. Whoever has the public key verifies it: nobody needs to
 * share a secret with us. `covered`: what is signed, in that order; names of headers, or derived ones (`@method`, `@authority`, `@path`, `@target-uri`).
 */
export async function messageSignature(message: OutgoingMessage, covered: readonly string[], key: Pick<SigningKey, 'kid' | 'sign'>, { label, at, tag }: { readonly label: string; readonly at: Date; readonly tag?: string }): Promise<Record<'signature-input' | 'signature', string>> {
  const parameters = `(${covered.map((name) => `"${name}"`).join(' ')});created=${Math.floor(at.getTime() / 1_000)};keyid="${key.kid}"${tag === undefined ? '' : `;tag="${tag}"`}`;
  const signature = await key.sign(Buffer.from(signatureBase(message, covered, parameters)));
  return { 'signature-input': `${label}=${parameters}`, signature: `${label}=:${Buffer.from(signature).toString('base64')}:` };
}

/** RFC 9421, 2.5: a line for each component, and one for the parameters. */
function signatureBase(message: OutgoingMessage, covered: readonly string[], parameters: string): string {
  return [...covered.map((name) => `"${name}": ${componentOf(message, name)}`), `"@signature-params": ${parameters}`].join('\n');
}

function componentOf({ method, url, headers }: OutgoingMessage, name: string): string {
  const target = new URL(url);
  switch (name) {
    case '@method': return method;
    case '@target-uri': return target.href;
    case '@authority': return target.host;
    case '@path': return target.pathname;
    default: {
      const value = headers[name];
      if (value === undefined) throw new TypeError(`The request has no ${name} to sign.`);
      return value.trim();
    }
  }
}

/** RFC 9530: with it the signature covers the body. */
export function contentDigest(body: string): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}
