import { packageName } from './banned-imports.ts';
import type { ParsedModule } from '../modules.ts';
import type { RepoFile, Violation } from '../tree.ts';

export interface Manifest {
  /** Folder of the workspace; empty for the root. */
  folder: string;
  path: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  scripts: Record<string, string>;
}

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const OURS = '@countersign/';
/** Packages that are used as a program; the name to look for where commands are written down. */
const PROGRAMS: Record<string, string> = { typescript: 'tsc', '@redocly/cli': 'redocly', 'openapi-typescript': 'openapi-typescript', oxlint: 'oxlint' };
/** Packages that are there for what they bring along: the runtime itself, and types without imports. */
const IMPLICIT = ['node', '@types/node'];

export function readManifests(files: readonly RepoFile[], folders: readonly string[]): Manifest[] {
  return ['', ...folders].flatMap((folder) => {
    const path = folder === '' ? 'package.json' : `${folder}/package.json`;
    const file = files.find((candidate) => candidate.path === path);
    if (file === undefined) return [];
    const { dependencies = {}, devDependencies = {}, scripts = {} } = JSON.parse(file.text) as Partial<Manifest>;
    return [{ folder, path, dependencies, devDependencies, scripts }];
  });
}

/** Versions are pinned, so that two installs a month apart are the same. */
export function pinnedVersions(manifests: readonly Manifest[]): Violation[] {
  return manifests.flatMap(({ path, dependencies, devDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies })
      .filter(([, version]) => !EXACT.test(version))
      .map(([name, version]) => ({ rule: 'pinned-versions', path, message: `${name} is "${version}"; pin one version` })),
  );
}

/** What a workspace imports it declares (tools of the tests may be the root's). */
export function declaredPackages(manifests: readonly Manifest[], modules: readonly ParsedModule[]): Violation[] {
  const root = manifests.find(({ folder }) => folder === '');
  return manifests.filter(({ folder }) => folder !== '').flatMap((manifest) => {
    const declared = new Set([...names(manifest), ...(root ? names(root) : [])]);
    return modulesOf(manifest, modules).flatMap(({ path, imports }) =>
      imports
        .map(({ specifier, line }) => ({ name: packageName(specifier), line }))
        .filter(({ name }) => isFromNpm(name) && name !== `${OURS}${manifest.folder}` && !declared.has(name) && !declared.has(typesPackage(name)))
        .map(({ name, line }) => ({ rule: 'declared-packages', path, line, message: `imports "${name}", which ${manifest.path} does not declare` })),
    );
  });
}

/** What a workspace declares it uses: imported, named in its code (resolved at run time), or run as a program. */
export function usedPackages(manifests: readonly Manifest[], modules: readonly ParsedModule[]): Violation[] {
  const commands = manifests.flatMap(({ scripts }) => Object.values(scripts)).join('\n');
  return manifests.flatMap((manifest) => {
    const ours = manifest.folder === '' ? modules : modulesOf(manifest, modules);
    const text = ours.map((module) => module.text).join('\n');
    const imported = new Set(ours.flatMap(({ imports }) => imports.map(({ specifier }) => packageName(specifier))));
    return names(manifest)
      .filter((name) => !IMPLICIT.includes(name) && !isUsed(name, imported, text, commands, modules))
      .map((name) => ({ rule: 'used-packages', path: manifest.path, message: `declares "${name}", but nothing there uses it` }));
  });
}

function isUsed(name: string, imported: ReadonlySet<string>, text: string, commands: string, all: readonly ParsedModule[]): boolean {
  const typed = name.startsWith('@types/') ? name.slice('@types/'.length) : name;
  if (imported.has(typed) || text.includes(`'${typed}'`) || text.includes(`@${typed}/`)) return true;
  const program = PROGRAMS[name];
  if (program === undefined) return new RegExp(`\\b${typed.replace(/[^\w]/g, '\\$&')} `).test(commands);
  return commands.includes(program) || all.some((module) => module.text.includes(`'${program}'`));
}

function modulesOf({ folder }: Manifest, modules: readonly ParsedModule[]): ParsedModule[] {
  return modules.filter(({ path }) => path.startsWith(`${folder}/`));
}

function names({ dependencies, devDependencies }: Manifest): string[] {
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
}

function isFromNpm(name: string): boolean {
  return !name.startsWith('.') && !name.startsWith('node:') && !name.startsWith('#') && !name.startsWith('/') && !name.startsWith('virtual:');
}

function typesPackage(name: string): string {
  return `@types/${name}`;
}
