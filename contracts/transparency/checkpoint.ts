import { fromBase64, parseNote } from './note.ts';
import type { SignedNote } from './note.ts';

/**
 * The text of a checkpoint (c2sp.org/tlog-checkpoint): the origin of the log, its size, its root, and lines of our own behind, in this order:
 *
 *   chain <hash of the newest link, 64 hexadecimal digits>     the tree is over the chain, and both heads are signed
 *   previous <SHA-256 of the text of the checkpoint before>    64 zeros for the first
 *   time <RFC 3339, UTC, milliseconds>                         when it was signed, by the signer's clock
 */
export interface Checkpoint {
  readonly origin: string;
  /** How many events the chain has. */
  readonly size: number;
  readonly root: Uint8Array;
  readonly head: string;
  readonly previous: string;
  readonly time: string;
}

/** What any log's checkpoint says: all that a witness needs. */
export interface LogCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly extensions: readonly string[];
}

export const FIRST_PREVIOUS = '0'.repeat(64);

const SIZE = /^(?:0|[1-9]\d{0,15})$/;
const DIGEST = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** The origin of a workspace's log, which is also the name of its keys. */
export function originOf(tenantId: string, workspaceId: string): string {
  return `countersign.dev/audit/${tenantId}/${workspaceId}`;
}

/** The origin of a chain, `<tenant_id>/<workspace_id>`. */
export function originOfChain(chain: string): string {
  return `countersign.dev/audit/${chain}`;
}

/** The text that is signed, with its last line feed. */
export function formatCheckpoint({ origin, size, root, head, previous, time }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\nchain ${head}\nprevious ${previous}\ntime ${time}\n`;
}

/** What the text of any log's checkpoint says; null for what is not one. */
export function parseLogCheckpoint(text: string): LogCheckpoint | null {
  if (!text.endsWith('\n')) return null;
  const [origin = '', size = '', encoded = '', ...extensions] = text.slice(0, -1).split('\n');
  const root = fromBase64(encoded);
  if (origin === '' || !SIZE.test(size) || !Number.isSafeInteger(Number(size)) || root?.length !== 32 || extensions.includes('')) return null;
  return { origin, size: Number(size), root, extensions };
}

/** What the text of a checkpoint of ours says; null for what is not one, or is not spelt as ours are. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const log = parseLogCheckpoint(text);
  if (log?.extensions.length !== 3) return null;
  const [head, previous, time] = ['chain ', 'previous ', 'time '].map((word, at) => (log.extensions[at]?.startsWith(word) === true ? log.extensions[at].slice(word.length) : ''));
  if (head === undefined || previous === undefined || time === undefined || !DIGEST.test(head) || !DIGEST.test(previous) || !TIME.test(time)) return null;
  return { origin: log.origin, size: log.size, root: log.root, head, previous, time };
}

/** A signed note that is a checkpoint of ours; null for anything else. Says nothing about who signed it. */
export function parseCheckpointNote(bytes: Uint8Array | string): { readonly note: SignedNote; readonly checkpoint: Checkpoint } | null {
  const note = parseNote(bytes);
  const checkpoint = note === null ? null : parseCheckpoint(note.text);
  return note === null || checkpoint === null ? null : { note, checkpoint };
}
