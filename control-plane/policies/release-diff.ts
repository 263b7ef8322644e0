import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { DATA_FILE } from '@countersign/platform/opa/bundle/contents.ts';

/** A file that is another one afterwards; null where it is not there. */
export interface FileDifference {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What people read of a bundle: its sources and its data, by path. */
export function readableFiles(files: BundleFiles): Map<string, string> {
  const readable = [...files].filter(([path]) => path.endsWith('.rego') || path === DATA_FILE);
  return new Map(readable.map(([path, bytes]) => [path, path === DATA_FILE ? indented(bytes) : Buffer.from(bytes).toString('utf8')]));
}

/** By path. */
export function filesThatDiffer(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FileDifference[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.map((path) => ({ path, before: before.get(path) ?? null, after: after.get(path) ?? null })).filter((file) => file.before !== file.after);
}

export function diffText(differences: readonly FileDifference[]): string {
  return canonicalText(differences, MAX_DIFF_BYTES);
}

const MAX_DIFF_BYTES = 32 * 1024 * 1024;

function indented(bytes: Uint8Array): string {
  return `${JSON.stringify(JSON.parse(Buffer.from(bytes).toString('utf8')), null, 2)}\n`;
}
