import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPackagePath, MAX_PACKAGE_BYTES, MAX_PACKAGE_FILES, packageFiles } from '@countersign/contracts/connectors/package/package.ts';
import type { PackageContent, PackageFile } from '@countersign/contracts/connectors/package/package.ts';

/** A folder that cannot be read as a package. */
export class PackageFolderError extends Error {
  readonly code = 'package_invalid';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PackageFolderError';
  }
}

/**
 * What of a package's folder is digested, packed and loaded, read once: whoever runs it must run these bytes. Links are refused, because
 * they lead to what the digest would not cover.
 * @throws PackageFolderError
 */
export function readPackageContent(folder: string): PackageContent {
  const content = new Map<string, Uint8Array>();
  let bytes = 0;
  const visit = (inside: string, depth: number): void => {
    if (depth > 8) throw new PackageFolderError(`${folder} is nested too deeply at ${inside}.`);
    for (const entry of readdirSync(path.join(folder, inside)).toSorted()) {
      const name = inside === '' ? entry : `${inside}/${entry}`;
      if (entry.startsWith('.') || entry === 'node_modules') continue;
      const file = path.join(folder, name);
      const stats = lstatSync(file);
      if (stats.isSymbolicLink()) throw new PackageFolderError(`${file} is a symbolic link; a package holds files only. Copy what it points to.`);
      if (stats.isDirectory()) {
        visit(name, depth + 1);
      } else if (isPackagePath(name)) {
        bytes += stats.size;
        if (bytes > MAX_PACKAGE_BYTES || content.size >= MAX_PACKAGE_FILES) throw new PackageFolderError(`${folder} is too large for a package: at most ${MAX_PACKAGE_FILES} files and ${MAX_PACKAGE_BYTES} bytes.`);
        content.set(name, readFileSync(file));
      }
    }
  };
  try {
    visit('', 0);
  } catch (cause) {
    if (cause instanceof PackageFolderError) throw cause;
    throw new PackageFolderError(`${folder} cannot be read as a package: ${(cause as Error).message}`, { cause });
  }
  return content;
}

/**
 * What is digested of the folder in which `manifest` is, together with the folders of code that it shares with others, whose files count as
 * `<folder>/<path>`.
 */
export function packageFilesBeside(manifest: URL, shared: readonly URL[] = []): PackageFile[] {
  const contentOf = (folder: URL): PackageContent => readPackageContent(fileURLToPath(folder));
  const borrowed = shared.flatMap((folder) => [...contentOf(folder)].map(([name, bytes]) => [`${path.basename(fileURLToPath(folder))}/${name}`, bytes] as const));
  return packageFiles(new Map([...contentOf(new URL('.', manifest)), ...borrowed]));
}
