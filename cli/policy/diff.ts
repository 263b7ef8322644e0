import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, say } from '../output.ts';
import { readFolder } from './folder.ts';
import { findPlace } from './place.ts';
import { unifiedDiff } from './text-diff.ts';

interface Side {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

export interface DiffOptions {
  readonly environment: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** The folder against what the environment has of its layer; with --from against that version; with --to two versions. Exit code 1 where they differ, as diff has it. */
export async function diff(folder: string, options: DiffOptions): Promise<void> {
  const policy = await readFolder(folder);
  const api = new ApiClient(readConfig());
  const { layer, environment } = await findPlace(api, policy.layer, options.environment);
  const inForce = environment.enforce?.stack[policy.layer] ?? null;
  const side = async (version: number | null): Promise<Side> => (version === null ? { name: `${options.environment} (nothing)`, files: {} } : filesOf(`version ${version}`, await api.policyVersion(layer, version)));
  const before = await side(options.from === undefined ? inForce : versionNumber(options.from));
  const after = options.to === undefined ? filesOf(folder, policy) : await side(versionNumber(options.to));
  const changes = changesBetween(before, after);
  process.exitCode = changes.length === 0 ? 0 : 1;
  if (options.json === true) return printJson({ from: before.name, to: after.name, changes });
  say(`${before.name} -> ${after.name}: ${changes.length === 0 ? 'the same' : `${changes.length} files differ`}`);
  for (const { path, before: old, after: now } of changes) process.stdout.write(`${unifiedDiff(path, old, now)}\n`);
}

/** Data as a file beside the sources, with its keys in one order. */
function filesOf(name: string, { files, data }: { readonly files: Readonly<Record<string, string>>; readonly data: object }): Side {
  return { name, files: { ...files, 'data.json': `${JSON.stringify(sorted(data), null, 2)}\n` } };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
}

function changesBetween(before: Side, after: Side): Array<{ path: string; before: string | null; after: string | null }> {
  const paths = [...new Set([...Object.keys(before.files), ...Object.keys(after.files)])].sort();
  return paths.map((path) => ({ path, before: before.files[path] ?? null, after: after.files[path] ?? null })).filter((change) => change.before !== change.after);
}

function versionNumber(text: string): number {
  const version = Number(text);
  if (!Number.isInteger(version) || version < 1) throw new CliError('input_invalid', `A version is a whole number from 1, and not ${text}.`);
  return version;
}
