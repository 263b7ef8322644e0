import { hash } from 'node:crypto';

/** One file of a package, as its digest covers it. `sha256` is 64 hex digits, `size` is in bytes. */
export interface PackageFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** The content of a package: paths and bytes. Only what `isPackagePath` takes. */
export type PackageContent = ReadonlyMap<string, Uint8Array>;

/** What is signed: which content is which version of which connector. */
export interface PackageStatement {
  readonly manifest_digest: string;
  readonly name: string;
  readonly package_digest: string;
  readonly version: string;
}

export const MANIFEST_FILE = 'manifest.yaml';
/** The entry point: it exports `connector`. Packages that are shipped with Countersign export it under their own name. */
export const ENTRY_FILE = 'connector.ts';
export const MAX_PACKAGE_FILES = 500;
export const MAX_PACKAGE_BYTES = 5 * 1024 * 1024;

const PATH = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*){0,7}$/;
/** Files that take part when the package runs. */
const EXTENSION = /\.(?:ts|json|yaml|yml|md)$/;
/** What stands beside the code and is never loaded by it: tests, stand-ins, what describes them. */
const BESIDE = /(?:^|\/)(?:sandbox|stand-in|testing|dist|node_modules)\/|\.test\.ts$|^conformance\.ts$|^stand-in\.ts$|^(?:package|tsconfig)\.json$|^readme\.md$/;

/** Whether a file of a package's folder belongs to what is digested, packed and loaded. */
export function isPackagePath(path: string): boolean {
  return PATH.test(path) && EXTENSION.test(path) && !BESIDE.test(path);
}

/** The files of a content, sorted by path (UTF-16 units, as RFC 8785 sorts). */
export function packageFiles(content: PackageContent): PackageFile[] {
  return [...content.keys()].sort().map((path) => {
    const bytes = content.get(path)!;
    return { path, sha256: hash('sha256', bytes, 'hex'), size: bytes.length };
  });
}

/**
 * `sha256:<hex>` over the canonical JSON (RFC 8785) of the list of files. Paths are ASCII and sizes integers, so that writing the members
 * in order of their names is canonical already.
 */
export function packageDigest(files: readonly PackageFile[]): string {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, sha256, size }) => ({ path, sha256, size }));
  return `sha256:${hash('sha256', JSON.stringify(sorted), 'hex')}`;
}

/** Why a list of files is none that a package can have, or null. */
export function filesProblem(files: readonly PackageFile[]): string | null {
  if (files.length > MAX_PACKAGE_FILES) return `it has ${files.length} files, at most ${MAX_PACKAGE_FILES} are taken`;
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_PACKAGE_BYTES) return `it has ${total} bytes, at most ${MAX_PACKAGE_BYTES} are taken`;
  const wrong = files.find(({ path }) => !isPackagePath(path));
  if (wrong !== undefined) return `${JSON.stringify(wrong.path)} is no file of a package`;
  if (new Set(files.map(({ path }) => path)).size !== files.length) return 'a path is there twice';
  if (!files.some(({ path }) => path === MANIFEST_FILE)) return `${MANIFEST_FILE} is missing`;
  return null;
}
