import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ill, well } from '../finding.ts';
import type { Examined, Seen } from '../finding.ts';

const PRIVATE_FILES = ['agent.key', 'encryption.key', 'identity.json', 'spool.key', 'spool.db'];

const BETTER_ANEW = '; whoever has read it meanwhile can be this agent, so better enrol again.';

/** Whether the state folder and what is in it are for the agent's user, and for nobody else. */
export async function permission({ config: { state_dir, spool } }: Examined): Promise<Seen> {
  const folder = await stat(state_dir).catch(() => null);
  if (folder === null) return well(`${state_dir} is not there yet; enroll makes it`);
  if (isOpen(folder.mode)) return ill(`${state_dir} can be read by others`, `chmod 700 ${state_dir}${BETTER_ANEW}`);
  const user = process.getuid?.() ?? folder.uid;
  if (user !== 0 && folder.uid !== user) {
    return ill(`${state_dir} belongs to user ${folder.uid}, and this is user ${user}`, `Run doctor as the user that the agent runs as, or: chown -R ${user} ${state_dir}`);
  }
  if (!await access(state_dir, constants.W_OK | constants.X_OK).then(() => true, () => false)) {
    return ill(`${state_dir} cannot be written`, `Let user ${user} write there: chmod u+rwx ${state_dir}; a service needs it as its state directory.`);
  }
  for (const file of [...PRIVATE_FILES.map((name) => join(state_dir, name)), ...(spool.key_file === undefined ? [] : [spool.key_file])]) {
    const found = await stat(file).catch(() => null);
    if (found !== null && isOpen(found.mode)) return ill(`${file} can be read by others`, `chmod 600 ${file}${BETTER_ANEW}`);
  }
  return well(`${state_dir} is for user ${folder.uid} alone${user === 0 ? '; this is root, and the agent needs no more than an ordinary user' : ''}`);
}

function isOpen(mode: number): boolean {
  return (mode & 0o077) !== 0;
}
