import { isGenerated, lineAt, type RepoFile, type Violation } from '../tree.ts';

const MAX_LINES = 500;
const FORBIDDEN_FOLDERS = ['util', 'utils', 'common', 'helpers', 'shared', 'misc', 'lib'];
/** The rules themselves and their tests must be able to name what they forbid. */
const OWN_FOLDER = 'platform/tidy/';

/** A file that nobody can read in one sitting has two stories in it. */
export function fileSizes(files: readonly RepoFile[]): Violation[] {
  return files
    .filter(({ path }) => /\.(ts|tsx|sql|rego|css)$/.test(path) && !isGenerated(path))
    .flatMap(({ path, text }) => {
      const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
      return lines > MAX_LINES ? [{ rule: 'file-sizes', path, message: `${lines} lines; at most ${MAX_LINES}` }] : [];
    });
}

/** Folders named for nothing collect everything. */
export function folderNames(files: readonly RepoFile[]): Violation[] {
  return files.flatMap(({ path }) => {
    const name = path.split('/').slice(0, -1).find((folder) => FORBIDDEN_FOLDERS.includes(folder));
    return name === undefined ? [] : [{ rule: 'folder-names', path, message: `a folder named "${name}" says nothing about what is in it` }];
  });
}

/** What is not done belongs into an issue, not into a comment. */
export function openEnds(files: readonly RepoFile[]): Violation[] {
  return search(files.filter(({ path }) => !isGenerated(path) && !path.startsWith(OWN_FOLDER)), 'open-ends', /\b(TODO|FIXME|XXX|HACK)\b/g, (word) => `"${word}" marks unfinished work: finish it or open an issue`);
}

/** Paths of one developer's machine do not exist on the next. */
export function machinePaths(files: readonly RepoFile[]): Violation[] {
  return search(files.filter(({ path }) => !path.startsWith(OWN_FOLDER)), 'machine-paths', /(?<![\w.$})-])\/(?:home|root|work|Users)\/[\w.-]+/g, (found) => `"${found}" is a path of one machine`);
}

function search(files: readonly RepoFile[], rule: string, pattern: RegExp, message: (found: string) => string): Violation[] {
  return files.flatMap(({ path, text }) => [...text.matchAll(pattern)].map((match) => ({ rule, path, line: lineAt(text, match.index), message: message(match[0]) })));
}

/** Each workspace tells in its README what it is for. */
export function workspaceReadmes(files: readonly RepoFile[], workspaces: readonly string[]): Violation[] {
  const paths = new Set(files.map(({ path }) => path));
  return workspaces
    .filter((folder) => !paths.has(`${folder}/README.md`))
    .map((folder) => ({ rule: 'workspace-readmes', path: folder, message: 'a workspace without a README.md' }));
}

/** A generated file that no command is known for cannot be checked. */
export function generatedFiles(paths: ReadonlySet<string>, registered: readonly string[]): Violation[] {
  const unknown = [...paths]
    .filter((path) => isGenerated(path) && path !== 'package-lock.json' && !registered.includes(path))
    .map((path) => ({ rule: 'generated-files', path, message: 'is generated, but not listed in platform/tidy/generated-files.ts' }));
  const missing = registered
    .filter((path) => !paths.has(path))
    .map((path) => ({ rule: 'generated-files', path, message: 'is listed as generated, but is not there' }));
  return [...unknown, ...missing];
}
