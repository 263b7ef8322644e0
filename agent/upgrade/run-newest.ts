import { access, constants } from 'node:fs/promises';
import { isSea } from 'node:sea';
import { AGENT_VERSION } from '../version.ts';
import { sha256Of } from './sha256.ts';
import { become } from './start.ts';
import { VersionsFolder } from './versions-folder.ts';
import { backToPrevious, whichVersion } from './which-version.ts';

/**
 * One pool of memory for all threads of the C library: it has one for each otherwise, and gives next to nothing of them back, 12 MB after a few hundred calls.
 * It reads this as a program begins, and never again.
 */
const THRIFTY = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };

/**
 * Becomes the version that is to run here, where that is another one, or this one with its settings of memory; otherwise it returns. Called when an agent
 * begins to run, and when one has ended because another is to take its place. From source there is but one version.
 *
 * @param args the command line, without the program
 * @throws UpgradeError `versions_unwritable`
 */
export async function runNewest(state_dir: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<void> {
  if (!isSea() || process.execve === undefined) return;
  const folder = new VersionsFolder(state_dir);
  for (;;) {
    const before = await folder.read();
    const { state, start } = whichVersion(before, { file: process.execPath, version: AGENT_VERSION }, (version) => folder.fileOf(version));
    if (JSON.stringify(state) !== JSON.stringify(before)) await folder.write(state);
    if (start === null) return asThrifty(args, env);
    const { current } = state;
    if (current === null || start !== folder.fileOf(current)) {
      // What was installed by hand may have been taken away since.
      if (await access(start, constants.X_OK).then(() => false, () => true)) return asThrifty(args, env);
      become(start, args, { ...THRIFTY, ...env });
    }
    if (await sha256Of(start).catch(() => null) === current.sha256) become(start, args, { ...THRIFTY, ...env });
    // The disk has another file than was checked, or none.
    await folder.write(backToPrevious(state, 'release_altered'));
  }
}

function asThrifty(args: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  if (env.MALLOC_ARENA_MAX === undefined) become(process.execPath, args, { ...THRIFTY, ...env });
}
