import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { ROOT } from '../config.ts';

/** A package of npm that is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX, as the package states it. */
  readonly license: string | null;
  /** As npm checked it: `sha512-<base64>`. */
  readonly integrity: string | null;
  /** Folders of ours, and packages as `name@version`, whose files import it. */
  readonly pulledInBy: readonly string[];
}

/** What bundles hold, and who pulled it in. Everything sorted: the same tree gives the same. */
export interface BundledParts {
  readonly packages: readonly BundledPackage[];
  /** Modules of Node, with who imports them. */
  readonly builtins: ReadonlyMap<string, readonly string[]>;
  /** Folders of this repository, with who imports from them. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
}

interface LockedPackage { readonly version: string; readonly license?: string; readonly integrity?: string }

/** @param metafiles of all programs in the binary */
export async function partsOf(metafiles: readonly Metafile[]): Promise<BundledParts> {
  const locked = (JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage> }).packages;
  const packages = new Map<string, Set<string>>();
  const builtins = new Map<string, Set<string>>();
  const folders = new Map<string, Set<string>>();
  const told = (owner: string): string => (isPackage(owner) ? `${nameOf(owner)}@${locked[owner]!.version}` : owner);
  const note = (into: Map<string, Set<string>>, what: string, from: string | null): void => {
    const by = into.get(what) ?? new Set();
    into.set(what, from === null || from === what ? by : by.add(from));
  };
  for (const { inputs } of metafiles) {
    for (const [file, { imports }] of Object.entries(inputs)) {
      const from = ownerOf(file);
      note(isPackage(from) ? packages : folders, from, null);
      for (const { path: target, external } of imports) {
        if (external === true) note(builtins, target.startsWith('node:') ? target : `node:${target}`, from);
        else if (target in inputs) note(isPackage(ownerOf(target)) ? packages : folders, ownerOf(target), from);
      }
    }
  }
  return {
    packages: sorted(packages).map(([folder, by]) => {
      const { version, license = null, integrity = null } = locked[folder]!;
      return { name: nameOf(folder), version, license, integrity, pulledInBy: by.map(told) };
    }).toSorted((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1)),
    builtins: new Map(sorted(builtins).map(([name, by]) => [name, by.map(told)])),
    folders: new Map(sorted(folders)),
  };
}

/** The folder of a package of npm, as the lock file names it, or the one of ours that a file is in. */
function ownerOf(file: string): string {
  // What stands for undici's entry is its own.
  if (file.startsWith('part-of:')) return `node_modules/${file.slice('part-of:'.length)}`;
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? path.posix.dirname(file);
}

function isPackage(owner: string): boolean {
  return owner.includes('node_modules/');
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function sorted(parts: ReadonlyMap<string, ReadonlySet<string>>): Array<[string, string[]]> {
  return [...parts].map(([name, by]): [string, string[]] => [name, [...by].toSorted()]).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
