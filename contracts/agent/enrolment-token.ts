import { canonicalText, parseCanonical } from '../transparency/canonical.ts';

/**
 * What a person hands to an agent, once: where the cell is, which certificate authority proves that it is the cell, and a secret that works one time.
 * `cs_enrol_` and the base64url of its RFC 8785 text. Whoever holds it can enrol one agent into one pool until it expires.
 */
export interface EnrolmentToken {
  /** `https://host:port` of the agent port. */
  readonly url: string;
  /** Hex, of the DER of the cell's certificate authority: pinned before a byte is sent. */
  readonly ca_sha256: string;
  readonly tenant_id: string;
  readonly id: string;
  /** 32 bytes, base64url. */
  readonly secret: string;
}

const PREFIX = 'cs_enrol_';
const SHAPES: Readonly<Record<keyof EnrolmentToken, RegExp>> = {
  url: /^https:\/\/[a-z0-9.:[\]-]{1,300}$/,
  ca_sha256: /^[0-9a-f]{64}$/,
  tenant_id: /^ten_[0-7][0-9a-hjkmnp-tv-z]{25}$/,
  id: /^aet_[0-7][0-9a-hjkmnp-tv-z]{25}$/,
  secret: /^[A-Za-z0-9_-]{43}$/,
};

export function writeEnrolmentToken({ url, ca_sha256, tenant_id, id, secret }: EnrolmentToken): string {
  return PREFIX + Buffer.from(canonicalText({ v: 1, url, ca_sha256, tenant_id, id, secret })!).toString('base64url');
}

/** The token that `text` is, or null: cut off, of another version, or none. White space around it, as it comes from a clipboard, does no harm. */
export function readEnrolmentToken(text: string): EnrolmentToken | null {
  const spelled = text.trim();
  if (!spelled.startsWith(PREFIX) || spelled.length > 2_000) return null;
  const value = parseCanonical(Buffer.from(spelled.slice(PREFIX.length), 'base64url').toString('utf8'))?.value;
  if (typeof value !== 'object' || value === null) return null;
  const { v, ...token } = value as Record<string, unknown>;
  const names = Object.keys(SHAPES) as Array<keyof EnrolmentToken>;
  const isOne = v === 1 && Object.keys(token).length === names.length && names.every((name) => typeof token[name] === 'string' && SHAPES[name].test(token[name]));
  if (!isOne) return null;
  const read = token as unknown as EnrolmentToken;
  // Decoders of base64url pass over what does not belong there: one token has one spelling.
  return writeEnrolmentToken(read) === spelled ? read : null;
}
