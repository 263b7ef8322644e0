import { delimiter, join } from 'node:path';

/** The environment for the repository's own tools: ours, with their programs first. */
export function toolEnvironment(root: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [...programFolders(root), process.env['PATH'] ?? ''].join(delimiter) };
}

/** npm puts a workspace's programs beside the workspace when their dependencies differ from the root's. */
function programFolders(root: string): string[] {
  return [join(root, 'node_modules', '.bin'), join(root, 'contracts', 'node_modules', '.bin')];
}
