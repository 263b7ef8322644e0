import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseCheckpointNote } from '@countersign/contracts/transparency/checkpoint.ts';
import type { CheckpointKey } from '@countersign/contracts/transparency/verify-checkpoints.ts';
import { CliError } from '../errors.ts';

/**
 * An exported audit: a folder of `events.jsonl` (a line per event), `checkpoints.jsonl` (`{"note": ...}` per line, the oldest first) and `keys.json`
 * (the key set of the tenant). A file alone is the events.
 */
export interface ExportFolder {
  readonly events: string;
  readonly notes: readonly string[];
  readonly keys: readonly CheckpointKey[];
  /** Where the keys are from: of an export's own nothing is proven but that it fits itself. */
  readonly keysFile: string | null;
}

export const FILES = { events: 'events.jsonl', checkpoints: 'checkpoints.jsonl', keys: 'keys.json' } as const;

/** @throws CliError `input_invalid` */
export async function openExport(place: string, keysFile: string | undefined): Promise<ExportFolder> {
  const isFolder = (await stat(place).catch(unreadable(place))).isDirectory();
  const events = isFolder ? path.join(place, FILES.events) : place;
  const notes = isFolder ? await readNotes(path.join(place, FILES.checkpoints)) : [];
  const from = keysFile ?? (isFolder ? path.join(place, FILES.keys) : null);
  return { events, notes, keys: from === null ? [] : await readKeys(from), keysFile: from };
}

/** The lines of the events, without their line feeds, as they are read. */
export async function* linesOf(file: string): AsyncIterable<string> {
  const input = createReadStream(file, 'utf8');
  const lines = createInterface({ input, crlfDelay: 0 });
  // A file that cannot be read ends the lines without a word: its error is asked for.
  const failed = new Promise<never>((_resolve, reject) => { input.once('error', reject); });
  failed.catch(() => undefined);
  for await (const line of lines) yield line;
  if (input.errored !== null) await failed.catch(unreadable(file));
}

/** The chain that the notes are about, or the first event is of; null where neither says. */
export async function chainIn({ notes, events }: ExportFolder): Promise<string | null> {
  const origin = parseCheckpointNote(notes[0] ?? '')?.checkpoint.origin;
  if (origin?.startsWith('countersign.dev/audit/') === true) return origin.slice('countersign.dev/audit/'.length);
  for await (const line of linesOf(events)) return /"tenant_id":"([^"]+)".*"workspace_id":"([^"]+)"/.exec(line)?.slice(1, 3).join('/') ?? null;
  return null;
}

async function readNotes(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(unreadable(file));
  return text.split('\n').filter((line) => line !== '').map((line, index) => {
    const note = parsed(line, `Line ${index + 1} of ${file}`)['note'];
    if (typeof note !== 'string') throw new CliError('input_invalid', `Line ${index + 1} of ${file} holds no note.`);
    return note;
  });
}

async function readKeys(file: string): Promise<CheckpointKey[]> {
  const { keys } = parsed(await readFile(file, 'utf8').catch(unreadable(file)), file);
  if (!Array.isArray(keys)) throw new CliError('input_invalid', `${file} is not a key set, as \`countersign keys\` prints it.`);
  return (keys as Array<{ purpose?: string } & CheckpointKey>).filter(({ purpose }) => purpose === 'checkpoint');
}

function parsed(text: string, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new CliError('input_invalid', `${what} is not JSON.`, { cause });
  }
  throw new CliError('input_invalid', `${what} is not a JSON object.`);
}

function unreadable(what: string): (cause: Error) => never {
  return (cause) => {
    throw new CliError('input_invalid', `${what} cannot be read: ${cause.message}`, { cause });
  };
}
