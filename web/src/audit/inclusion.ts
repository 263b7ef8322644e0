import { canonicalText } from '@countersign/contracts/transparency/canonical.ts';
import type { Schemas } from '../api/client.ts';

/** What the browser computed from an event and its proof. */
export interface Computed {
  /** Hash of the event's link, hex: what the list shows as the event's hash. */
  readonly hash: string;
  /** Hash of the leaf, base64. */
  readonly leaf: string;
  /** Root to which the path leads, base64; null where it has not the length that the tree asks for. */
  readonly root: string | null;
}

/**
 * Hashes the event anew and follows the path to the root (RFC 9162, 2.1.3.2), in the browser: the server's word is not taken for it.
 * @returns null for an event that has no canonical form
 */
export async function computeInclusion({ seq, prev_hash, event }: Pick<Schemas['SealedEvent'], 'seq' | 'prev_hash' | 'event'>, proof: Schemas['InclusionProof']): Promise<Computed | null> {
  const body = canonicalText(event);
  if (body === undefined) return null;
  const line = canonicalText({ seq, prev_hash, body_sha256: hex(await sha256(bytesOf(body))) });
  if (line === undefined) return null;
  const leaf = await sha256(joined(LEAF, bytesOf(line)));
  const root = await rootOf(leaf, proof);
  return { hash: hex(await sha256(bytesOf(line))), leaf: base64(leaf), root: root === null ? null : base64(root) };
}

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

/** Places are whole numbers up to 2^53, so nothing here uses 32-bit operators. */
async function rootOf(leaf: Uint8Array, { leaf_index, tree_size, hashes }: Schemas['InclusionProof']): Promise<Uint8Array | null> {
  if (leaf_index >= tree_size) return null;
  let [place, last, node] = [leaf_index, tree_size - 1, leaf];
  for (const sibling of hashes.map(fromBase64)) {
    if (last === 0) return null;
    const isRight = place % 2 === 1 || place === last;
    node = await sha256(isRight ? joined(NODE, sibling, node) : joined(NODE, node, sibling));
    // A node without a sibling goes up as it is.
    if (isRight) while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)];
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return last === 0 ? node : null;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => {
    whole.set(part, at);
    return at + part.length;
  }, 0);
  return whole;
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined(bytes)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
