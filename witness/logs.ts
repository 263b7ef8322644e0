import { readFile } from 'node:fs/promises';
import { ED25519, fromBase64, parseVerifierKey, verifierKeyOf } from '@countersign/contracts/transparency/note.ts';
import type { VerifierKey } from '@countersign/contracts/transparency/note.ts';
import { WitnessError } from './config.ts';

/**
 * The logs that are trusted to have one history, as a JSON array: `{"origin", "vkey"}` for one log, or `{"prefix", "public_keys"}` for all logs whose
 * origin begins so and that sign with one of these Ed25519 keys (base64 of the raw 32 bytes) under the name of their origin.
 */
export type LogEntry = { readonly origin: string; readonly vkey: string } | { readonly prefix: string; readonly public_keys: readonly string[] };

/** @throws WitnessError `logs_invalid` */
export async function readLogs(file: string): Promise<readonly LogEntry[]> {
  let entries: unknown;
  try {
    entries = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new WitnessError('logs_invalid', `${file} cannot be read as JSON.`, { cause });
  }
  if (!Array.isArray(entries)) throw new WitnessError('logs_invalid', `${file} does not hold a list of logs.`);
  entries.forEach((entry, index) => {
    if (!isEntry(entry)) throw new WitnessError('logs_invalid', `Log ${index + 1} of ${file} is neither {"origin", "vkey"} nor {"prefix", "public_keys"}, or its key cannot be read.`);
  });
  return entries as LogEntry[];
}

/** The keys of the log with this origin; none for one that is not trusted. */
export function keysOf(logs: readonly LogEntry[], origin: string): VerifierKey[] {
  return logs.flatMap((entry) => {
    if ('origin' in entry) return entry.origin === origin ? [parseVerifierKey(entry.vkey)] : [];
    return origin.startsWith(entry.prefix) ? entry.public_keys.map((key) => verifierKeyOf(origin, ED25519, fromBase64(key) ?? new Uint8Array(32))) : [];
  }).filter((key) => key !== null);
}

function isEntry(entry: unknown): entry is LogEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { origin, vkey, prefix, public_keys: keys } = entry as Record<string, unknown>;
  if (typeof origin === 'string' && typeof vkey === 'string') return parseVerifierKey(vkey)?.type === ED25519;
  return typeof prefix === 'string' && prefix.length > 0 && Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string' && fromBase64(key)?.length === 32);
}
