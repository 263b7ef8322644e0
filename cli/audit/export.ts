import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ApiClient } from '../api-client.ts';
import { CliError } from '../errors.ts';
import { FILES } from './export-folder.ts';

/** Writes the workspace's audit into a folder of its own: events, checkpoints, keys. Gives how many checkpoints there are. @throws CliError */
export async function exportAudit(api: ApiClient, folder: string): Promise<number> {
  await mkdir(folder, { recursive: false }).catch((cause: Error) => {
    throw new CliError('input_invalid', `${folder} cannot be made: ${cause.message}. Name a folder that is not there yet.`, { cause });
  });
  // The checkpoints first: every event that they are about is in what is exported after them.
  const notes = await allNotes(api);
  await pipeline(await api.auditExport(), createWriteStream(path.join(folder, FILES.events))).catch((cause: Error) => {
    throw new CliError('server_unreachable', `The export broke off: ${cause.message}. What was written is not whole; begin anew.`, { cause });
  });
  await writeFile(path.join(folder, FILES.checkpoints), notes.map((note) => `${JSON.stringify({ note })}\n`).join(''));
  await writeFile(path.join(folder, FILES.keys), `${JSON.stringify(await api.keys())}\n`);
  return notes.length;
}

async function allNotes(api: ApiClient): Promise<string[]> {
  const notes: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: { items: Array<{ note: string | null }>; next_cursor: string | null } = await api.call('get', '/api/v1/audit/checkpoints', { query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) } });
    notes.push(...page.items.flatMap(({ note }) => (note === null ? [] : [note])));
    cursor = page.next_cursor;
  }
  return notes.toReversed();
}
