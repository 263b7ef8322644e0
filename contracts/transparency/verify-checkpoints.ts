import { hash } from 'node:crypto';
import { FIRST_PREVIOUS, originOfChain, parseCheckpointNote } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { cosignedBy } from './cosignature.ts';
import { isSignedBy, verifierKeyOfJwk } from './note.ts';
import type { SignedNote, VerifierKey } from './note.ts';

/** A key that signs checkpoints, as the tenant publishes it. */
export interface CheckpointKey {
  readonly kid: string;
  readonly public_jwk: Readonly<Record<string, string>>;
  /** RFC 3339; null or absent: nobody else is known to have it. */
  readonly compromised_since?: string | null;
}

export interface AuditFault {
  readonly code: string;
  /** `event 12`, `checkpoint 3`. */
  readonly at: string;
  readonly message: string;
}

/** What a checkpoint promises of the chain, once its signature was found to hold. */
export interface Promised {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  /** Names of the witnesses asked for that have countersigned it. */
  readonly witnesses: readonly string[];
}

export interface CheckpointsVerified {
  /** By size, then as they came. */
  readonly promised: readonly Promised[];
  readonly faults: readonly AuditFault[];
  /** Whether the first of them is the first that was ever signed. */
  readonly fromFirst: boolean;
}

export interface CheckpointRules {
  readonly chain: string;
  readonly keys: readonly CheckpointKey[];
  readonly witnesses: readonly VerifierKey[];
}

/**
 * Checks notes by themselves, in the order in which they were signed: whether they are notes of this log, signed by one of its keys, each naming
 * the one before, and never two of one size with different roots.
 */
export function verifyCheckpoints(notes: readonly string[], rules: CheckpointRules): CheckpointsVerified {
  const faults: AuditFault[] = [];
  const promised: Promised[] = [];
  const origin = originOfChain(rules.chain);
  const rootBySize = new Map<number, string>();
  let previous: string | null = null;
  let fromFirst = true;
  notes.forEach((text, index) => {
    const name = `checkpoint ${index + 1}`;
    const fault = (code: string, message: string): void => void faults.push({ code, at: name, message });
    const parsed = parseCheckpointNote(text);
    if (parsed === null) {
      fault('checkpoint_invalid', 'It is not a signed checkpoint of ours.');
      return;
    }
    const { note, checkpoint } = parsed;
    if (checkpoint.origin !== origin) fault('checkpoint_of_another_log', `It is of the log ${checkpoint.origin}, not of ${origin}.`);
    const witnesses = rules.witnesses.filter((witness) => cosignedBy(note, witness) !== null).map((witness) => witness.name);
    const trouble = signatureTrouble(note, checkpoint, rules.keys, witnesses);
    if (trouble !== null) fault(...trouble);
    // A log of before there were notes names a checkpoint of the format of then.
    if (previous === null) fromFirst = checkpoint.previous === FIRST_PREVIOUS;
    else if (checkpoint.previous !== previous) fault('checkpoint_order_broken', 'It does not name the checkpoint before it: one was left out, added or moved.');
    const root = Buffer.from(checkpoint.root).toString('hex');
    const known = rootBySize.get(checkpoint.size);
    if (known !== undefined && known !== root) fault('checkpoint_fork', `There are two histories of ${checkpoint.size} events, and both were signed.`);
    rootBySize.set(checkpoint.size, root);
    const last = promised.at(-1);
    if (last !== undefined && checkpoint.size < last.checkpoint.size) fault('checkpoint_shrinks', `It is about fewer events (${checkpoint.size}) than the one before (${last.checkpoint.size}).`);
    previous = hash('sha256', note.text, 'hex');
    promised.push({ name, checkpoint, witnesses });
  });
  return { promised, faults, fromFirst };
}

function signatureTrouble(note: SignedNote, checkpoint: Checkpoint, keys: readonly CheckpointKey[], witnesses: readonly string[]): [string, string] | null {
  const signer = keys.find(({ public_jwk }) => {
    const key = verifierKeyOfJwk(checkpoint.origin, public_jwk);
    return key !== null && isSignedBy(note, key);
  });
  if (signer === undefined) return ['checkpoint_signature_invalid', 'No key of the tenant has signed it.'];
  // What a stolen key signs can bear any time: only somebody else who saw it then can tell.
  if (signer.compromised_since != null && witnesses.length === 0) return ['checkpoint_key_compromised', `Its key ${signer.kid} is compromised since ${signer.compromised_since}, and no witness vouches for when it was signed.`];
  return null;
}
