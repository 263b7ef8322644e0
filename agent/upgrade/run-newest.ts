import { access, constants } from 'node:fs/promises';
import { isSea } from 'node:sea';
import { AGENT_VERSION } from '../version.ts';
import { sha256Of } from './sha256.ts';
import { become } from './start.ts';
import { VersionsFolder } from './versions-folder.ts';
import { backToPrevious, whichVersion } from './which-version.ts';

/**
 * Becomes the version that is to run here, where that is another one; otherwise it returns. Called when an agent begins to run, and when one has ended because
 * another is to take its place. From source there is but one version.
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
    if (start === null) return;
    const { current } = state;
    if (current === null || start !== folder.fileOf(current)) {
      // What was installed by hand may have been taken away since.
      if (await access(start, constants.X_OK).then(() => false, () => true)) return;
      become(start, args, env);
    }
    if (await sha256Of(start).catch(() => null) === current.sha256) become(start, args, env);
    // The disk has another file than was checked, or none.
    await folder.write(backToPrevious(state, 'release_altered'));
  }
}
