import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PackageContent } from '@countersign/contracts/connectors/package/package.ts';
import { ENTRY_FILE, MANIFEST_FILE } from '@countersign/contracts/connectors/package/package.ts';
import { digestOfContent } from '@countersign/contracts/connectors/package/packed.ts';
import type { Connector } from '../sdk/connector.ts';
import { ManifestError, parseManifest } from '../sdk/load-manifest.ts';
import type { LoadedManifest } from '../sdk/load-manifest.ts';
import { PackageFolderError, readPackageContent } from '../sdk/package-content.ts';
import { NODE_MODULES, SDK_MODULES } from './allowed-imports.ts';
import { PackageError } from './errors.ts';
import { staticProblems } from './static-check.ts';

/** A package that was read and checked, and of which nothing has run yet. */
export interface ReadPackage extends LoadedManifest {
  readonly folder: string;
  readonly content: PackageContent;
  readonly packageDigest: string;
}

/** Reads a package's folder once; everything later is done with these bytes. @throws PackageError */
export function readPackage(folder: string): ReadPackage {
  try {
    const content = readPackageContent(path.resolve(folder));
    const problems = staticProblems(content);
    const manifest = content.get(MANIFEST_FILE);
    if (manifest === undefined) throw new PackageError('package_invalid', problems);
    const parsed = parseManifest(Buffer.from(manifest).toString('utf8'));
    if (problems.length > 0) throw new PackageError('package_unsafe', problems);
    return { ...parsed, folder: path.resolve(folder), content, packageDigest: digestOfContent(content) };
  } catch (error) {
    if (error instanceof ManifestError) throw new PackageError('package_invalid', error.problems.map((problem) => `${MANIFEST_FILE} ${problem}`), { cause: error });
    if (error instanceof PackageFolderError) throw new PackageError('package_invalid', [error.message], { cause: error });
    throw error;
  }
}

/**
 * Runs a package that was read: its modules are the bytes that were digested, whatever the folder holds by now, and import what the
 * static check allows and nothing else. It runs in this process, with all that the process may do.
 * @throws PackageError
 */
export async function loadPackage(read: ReadPackage): Promise<Connector> {
  serve(read);
  const exported = await importEntry(read);
  const { connector } = exported;
  if (!isConnector(connector)) throw new PackageError('package_invalid', [`${ENTRY_FILE} exports no \`connector\`: write \`export const connector: Connector = { ...loadManifest(new URL('./manifest.yaml', import.meta.url)), actions: { ... } }\``]);
  const { manifest, manifestDigest, packageDigest } = read;
  const missing = Object.keys(manifest.actions).filter((name) => connector.actions[name] === undefined);
  if (missing.length > 0) throw new PackageError('package_invalid', [`${ENTRY_FILE} lacks code for ${missing.join(', ')}, which the manifest declares`]);
  for (const [name, { risk }] of Object.entries(manifest.actions)) {
    if ((risk === 'write' || risk === 'destructive') && connector.actions[name]?.prepare === undefined) {
      throw new PackageError('package_invalid', [`${name} is a ${risk} without \`prepare\`, so nobody could see what it sends; add it in the action's file`]);
    }
  }
  return { ...connector, manifest, manifestDigest, packageDigest, origin: 'folder' };
}

async function importEntry({ folder, content }: ReadPackage): Promise<{ connector?: unknown }> {
  if (!content.has(ENTRY_FILE)) throw new PackageError('package_invalid', [`${ENTRY_FILE} is missing`]);
  try {
    return await import(pathToFileURL(path.join(folder, ENTRY_FILE)).href) as { connector?: unknown };
  } catch (cause) {
    if (cause instanceof PackageError) throw cause;
    throw new PackageError('package_invalid', [`${folder} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`], { cause });
  }
}

function isConnector(value: unknown): value is Connector {
  return typeof value === 'object' && value !== null && 'actions' in value && typeof value.actions === 'object' && value.actions !== null;
}

/** Folders whose modules are served from memory, by the URL that they begin with. */
const served = new Map<string, PackageContent>();

function serve({ folder, content }: ReadPackage): void {
  if (served.size === 0) registerHooks({ resolve: resolveInPackage, load: loadFromMemory });
  served.set(pathToFileURL(`${folder}${path.sep}`).href, content);
}

type Hooks = Required<Parameters<typeof registerHooks>[0]>;

const resolveInPackage: Hooks['resolve'] = (specifier, context, next) => {
  const from = context.parentURL === undefined ? null : locate(context.parentURL);
  if (from === null) return next(specifier, context);
  if (specifier.startsWith('.')) {
    const url = new URL(specifier, context.parentURL).href;
    if (locate(url) !== null) return { url, format: formatOf(url), shortCircuit: true };
  }
  const sdk = SDK_MODULES[specifier];
  if (sdk !== undefined) return { url: sdk.href, shortCircuit: true };
  if (NODE_MODULES.includes(specifier)) return next(specifier, context);
  throw new PackageError('package_unsafe', [`${from.path} imports ${JSON.stringify(specifier)}, which a package may not`]);
};

const loadFromMemory: Hooks['load'] = (url, context, next) => {
  const found = locate(url);
  return found === null ? next(url, context) : { format: formatOf(url), source: found.bytes, shortCircuit: true };
};

function formatOf(url: string): 'module-typescript' | 'json' {
  return url.endsWith('.json') ? 'json' : 'module-typescript';
}

function locate(url: string): { readonly path: string; readonly bytes: Uint8Array } | null {
  for (const [prefix, content] of served) {
    if (!url.startsWith(prefix)) continue;
    const inside = decodeURIComponent(url.slice(prefix.length).split(/[?#]/)[0] ?? '');
    const bytes = content.get(inside);
    if (bytes !== undefined) return { path: inside, bytes };
  }
  return null;
}
