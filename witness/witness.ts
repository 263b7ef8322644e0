import { parseLogCheckpoint } from '@countersign/contracts/transparency/checkpoint.ts';
import type { LogCheckpoint } from '@countersign/contracts/transparency/checkpoint.ts';
import { cosignatureOf, cosignedMessage } from '@countersign/contracts/transparency/cosignature.ts';
import { verifyConsistency } from '@countersign/contracts/transparency/merkle.ts';
import { formatNote, formatSignature, fromBase64, isSignedBy, parseNote } from '@countersign/contracts/transparency/note.ts';
import type { SignedNote } from '@countersign/contracts/transparency/note.ts';
import { WitnessError } from './config.ts';
import { keysOf } from './logs.ts';
import type { LogEntry } from './logs.ts';
import { originSha256 } from './seen.ts';
import type { Seen } from './seen.ts';
import type { WitnessKey } from './witness-key.ts';

/** What is answered to add-checkpoint. `size`: what the witness has seen of the log, for a caller that believes otherwise. */
export type Added =
  | { readonly status: 200; readonly cosignature: string }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string }
  | { readonly status: 409; readonly reason: string; readonly size: number | null };

const MAX_PROOF = 63;

/**
 * Countersigns checkpoints of logs that only ever grow (c2sp.org/tlog-witness): one that does not follow from the last that it saw of the log is
 * refused, so that a log which shows two histories needs two witnesses to believe it.
 */
export class Witness {
  readonly #parts: { readonly key: WitnessKey; readonly logs: readonly LogEntry[]; readonly seen: Seen; readonly now: () => Date };
  /** The work on each log, one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: { readonly key: WitnessKey; readonly logs: readonly LogEntry[]; readonly seen: Seen; readonly now: () => Date }) {
    this.#parts = parts;
  }

  async addCheckpoint(body: string): Promise<Added> {
    const request = parseRequest(body);
    if (request === null) return { status: 400, reason: 'The body is not a request of add-checkpoint.' };
    const { note, checkpoint, old } = request;
    const keys = keysOf(this.#parts.logs, checkpoint.origin);
    if (keys.length === 0) return { status: 404, reason: 'This log is not known here.' };
    if (!keys.some((key) => isSignedBy(note, key))) return { status: 403, reason: 'No key of the log has signed this checkpoint.' };
    if (old > checkpoint.size) return { status: 400, reason: 'The old size is larger than the new.' };
    const id = originSha256(checkpoint.origin);
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(() => this.#follow(id, request));
    this.#turns.set(id, turn.catch(() => undefined));
    return turn;
  }

  /** The last note that was countersigned of the log with this SHA-256 of its origin, for monitors. */
  latest(id: string): Promise<string | null> {
    return this.#parts.seen.read(id);
  }

  async #follow(id: string, { note, checkpoint, old, proof }: AddRequest): Promise<Added> {
    const { key, seen, now } = this.#parts;
    const last = checkpointOf(await seen.read(id));
    const size = last?.size ?? 0;
    if (old !== size) return { status: 409, reason: `The last checkpoint that was seen here is about ${size}.`, size };
    if (last !== null && checkpoint.size === size && !Buffer.from(last.root).equals(checkpoint.root)) return { status: 409, reason: 'Another history of this size was seen here.', size: null };
    const isProven = size === 0 ? proof.length === 0 : verifyConsistency({ from: size, to: checkpoint.size, hashes: proof }, last?.root ?? new Uint8Array(), checkpoint.root);
    if (!isProven) return { status: 422, reason: 'The proof does not show that the log has only grown.' };
    const time_s = Math.floor(now().getTime() / 1_000);
    const cosignature = cosignatureOf(key.verifier, time_s, key.sign(cosignedMessage(note.text, time_s)));
    // Before anybody has the signature: after a crash nothing else can be signed in its place.
    await seen.write(id, formatNote(note) + formatSignature(cosignature));
    return { status: 200, cosignature: formatSignature(cosignature) };
  }
}

interface AddRequest {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly note: SignedNote;
  readonly checkpoint: LogCheckpoint;
}

/** `old <size>`, a line of base64 per hash of the proof, an empty line, the note. */
function parseRequest(body: string): AddRequest | null {
  const end = body.indexOf('\n\n');
  const [first = '', ...lines] = end < 0 ? [] : body.slice(0, end).split('\n');
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1];
  const proof = lines.map(fromBase64);
  const note = end < 0 ? null : parseNote(body.slice(end + 2));
  const checkpoint = note === null ? null : parseLogCheckpoint(note.text);
  if (old === undefined || proof.length > MAX_PROOF || note === null || checkpoint === null) return null;
  if (!proof.every((hash) => hash?.length === 32)) return null;
  return { old: Number(old), proof: proof.filter((hash) => hash !== null), note, checkpoint };
}

/** @throws WitnessError `seen_invalid`: what cannot be read is not what was never there, or the log could begin anew */
function checkpointOf(note: string | null): LogCheckpoint | null {
  if (note === null) return null;
  const checkpoint = parseLogCheckpoint(parseNote(note)?.text ?? '');
  if (checkpoint === null) throw new WitnessError('seen_invalid', 'The file of what was last seen of the log cannot be read. Restore it from a copy; without one the witness knows nothing of this log.');
  return checkpoint;
}
