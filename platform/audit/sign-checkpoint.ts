import { hash } from 'node:crypto';
import { FIRST_PREVIOUS, formatCheckpoint, originOfChain } from '@countersign/contracts/transparency/checkpoint.ts';
import { rootOf } from '@countersign/contracts/transparency/merkle.ts';
import { ED25519, formatNote, keyIdOf } from '@countersign/contracts/transparency/note.ts';
import type { SigningKey } from '../keys/keys.ts';
import type { NewCheckpoint } from './repository-checkpoints.ts';
import { frontierOf } from './tiles.ts';

/** The head of a chain whose tree has grown with it, and the checkpoint before. */
export interface HeadToSign {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
  readonly frontier: Uint8Array;
  /** Of the newest checkpoint; 0 for none. */
  readonly number: number;
  /** What the newest checkpoint signed; null for none. */
  readonly previousBody: string | null;
}

/** The head as a C2SP checkpoint, a note that the tenant's key signs under the name of the log. */
export async function signHead(key: SigningKey, head: HeadToSign, now: Date): Promise<Omit<NewCheckpoint, 'id' | 'objectKey'>> {
  const { chain, seq, number } = head;
  const previousSha256 = head.previousBody === null ? null : hash('sha256', head.previousBody, 'hex');
  const root = rootOf(frontierOf(seq, head.frontier));
  const origin = originOfChain(chain);
  const body = formatCheckpoint({ origin, size: seq, root, head: head.hash, previous: previousSha256 ?? FIRST_PREVIOUS, time: now.toISOString() });
  const signature = await key.sign(Buffer.from(body));
  const note = formatNote({ text: body, signatures: [{ name: origin, keyId: keyIdOf(origin, ED25519, Buffer.from(key.publicJwk['x'] ?? '', 'base64url')), bytes: signature }] });
  return { chain, number: number + 1, seq, hash: head.hash, root, previousSha256, body, note, signature: Buffer.from(signature).toString('base64url'), kid: key.kid };
}
