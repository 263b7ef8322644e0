import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const TEXT_FILE = /(^|\/)(LICENSE|\.ci\/run|\.gitignore|\.npmrc|[^/]+\.(ts|tsx|js|mjs|json|jsonl|md|yaml|yml|rego|sql|css|html|sh|txt))$/;

/** A file of the repository, by its path from the root with forward slashes. */
export interface RepoFile {
  path: string;
  text: string;
}

/** What a rule found. */
export interface Violation {
  rule: string;
  path: string;
  /** 1-based; absent where the file as a whole is meant. */
  line?: number;
  message: string;
}

/** Text files of the working tree that are tracked, or would be by `git add` (ignored ones are not the repository's). */
export async function readTree(root: string): Promise<RepoFile[]> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const paths = [...new Set(stdout.split('\0'))].filter((path) => TEXT_FILE.test(path)).toSorted();
  const files = await Promise.all(paths.map((path) => readIfThere(root, path)));
  return files.filter((file) => file !== undefined);
}

/** Every path git knows or would add, binaries too. */
export async function listPaths(root: string): Promise<Set<string>> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return new Set(stdout.split('\0').filter((path) => path !== ''));
}

/** A tracked file may have been deleted in the working tree. */
async function readIfThere(root: string, path: string): Promise<RepoFile | undefined> {
  return readFile(join(root, path), 'utf8').then((text) => ({ path, text }), () => undefined);
}

export function isCode(path: string): boolean {
  return /\.(ts|tsx|mts|js|mjs)$/.test(path) && !path.endsWith('.d.ts');
}

export function isGenerated(path: string): boolean {
  return path.includes('.generated.') || /(^|\/)generated\//.test(path) || path === 'package-lock.json';
}

/** Tests, and what only tests use: files and folders named `testing`, and the acceptance runs of the sandboxes. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || /(^|\/)(testing(\/|\.ts$)|acceptance\/)/.test(path);
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

export function violationText(violation: Violation): string {
  const place = violation.line === undefined ? violation.path : `${violation.path}:${violation.line}`;
  return `${place} [${violation.rule}] ${violation.message}`;
}
