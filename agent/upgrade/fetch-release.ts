import { createHash } from 'node:crypto';
import { chmod, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';
import type { Answer, Question } from '../session/cell-connection.ts';
import { UpgradeError } from './errors.ts';
import type { VersionsFolder } from './versions-folder.ts';

/** What asks the cell; it fails where there is no connection, and is asked again. */
export type AskCell = (question: Question) => Promise<Answer>;

/** In pieces, so that polls and deliveries on the same connection have their turn, and none of it has to be held in memory. */
const PIECE_BYTES = 1024 * 1024;
/** A file that is written in larger pieces counts 20 MB more in the memory of every process that runs it (decision record 0057). */
const WRITE_BYTES = 64 * 1024;
const ANSWER_MS = 60_000;
const OWNER_MAY_RUN = 0o700;

/**
 * Brings the release into the folder, where it is only under its own name once every byte of it was checked. What is there already is not fetched again.
 * @throws UpgradeError `release_altered`, `release_withdrawn`, `release_not_served`, `versions_unwritable`; and what `ask` throws
 */
export async function fetchRelease(ask: AskCell, release: AgentRelease, folder: VersionsFolder): Promise<string> {
  const draft = await folder.draftOf(release);
  try {
    await written(draft, async (handle) => {
      const hash = createHash('sha256');
      for (let at = 0; at < release.size_bytes; at += PIECE_BYTES) {
        const piece = await askPiece(ask, release, at);
        hash.update(piece);
        await writePiece(handle, piece, at);
      }
      if (hash.digest('hex') !== release.sha256) throw new UpgradeError('release_altered', 'What the cell gave is not the file that was signed.');
    });
    await chmod(draft, OWNER_MAY_RUN);
    await rename(draft, folder.fileOf(release));
    return folder.fileOf(release);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function askPiece(ask: AskCell, { sha256, size_bytes }: AgentRelease, at: number): Promise<Buffer> {
  const end = Math.min(at + PIECE_BYTES, size_bytes) - 1;
  const answer = await ask({ method: 'GET', path: `${AGENT_PATHS.releases}/${sha256}`, headers: { range: `bytes=${at}-${end}` }, timeout_ms: ANSWER_MS, max_bytes: PIECE_BYTES + 1 });
  if (answer.status === 404) throw new UpgradeError('release_withdrawn', 'The cell offers the release no more.');
  if (answer.status !== 206) throw new UpgradeError('release_not_served', `The cell answered ${answer.status} to a question for bytes ${at} to ${end} of the release.`);
  if (answer.body.length !== end - at + 1) throw new UpgradeError('release_altered', `The cell gave ${answer.body.length} bytes of the release, not the ${end - at + 1} from ${at} on.`);
  return answer.body;
}

async function writePiece(handle: FileHandle, piece: Buffer, at: number): Promise<void> {
  for (let from = 0; from < piece.length; from += WRITE_BYTES) {
    const part = piece.subarray(from, from + WRITE_BYTES);
    await handle.write(part, 0, part.length, at + from).catch((cause: NodeJS.ErrnoException) => {
      throw new UpgradeError('versions_unwritable', `The release cannot be written: ${cause.code ?? cause.message}. It takes as much room as the one that runs.`, { cause });
    });
  }
}

async function written(file: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await write(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
