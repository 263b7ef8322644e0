import type { LayerKind } from './starter.ts';

/** What is in the editor and not on the server yet. */
export interface WorkingCopy {
  /** Source text by path. */
  files: Readonly<Record<string, string>>;
  /** The layer's data as JSON text: it is kept as it was typed, also while it is no JSON yet. */
  data: string;
  /** The packs that the tenant starts from; null where the layer has none to choose (workspace, environment). */
  packs: readonly string[] | null;
}

/** The layer's data is edited beside its sources, under this name. */
export const DATA_FILE = 'data.json';

const FILE_NAME = /^(?:[a-z0-9][a-z0-9_-]*\/)*[a-z0-9][a-z0-9_-]*\.rego$/;
const NAME_MAX_LENGTH = 100;

export function isTest(path: string): boolean {
  return path.endsWith('_test.rego');
}

/** Sources in order, each test beneath what it tests. */
export function pathsOf({ files }: WorkingCopy): string[] {
  const subject = (path: string): string => path.replace(/(_test)?\.rego$/, '');
  return Object.keys(files).sort((one, other) => subject(one).localeCompare(subject(other)) || Number(isTest(one)) - Number(isTest(other)));
}

/** Why `name` cannot be a file's, in words; null when it can. `current` is the name that it has, when it is renamed. */
export function refuseName(copy: WorkingCopy, name: string, current: string | null): string | null {
  if (name.length > NAME_MAX_LENGTH) return `At most ${NAME_MAX_LENGTH} letters`;
  if (!FILE_NAME.test(name)) return 'A name such as hours.rego, or lists/groups.rego: small letters, digits, - and _, with .rego at its end';
  if (name !== current && name in copy.files) return 'There is a file of this name already';
  return null;
}

export function putFile(copy: WorkingCopy, path: string, text: string): WorkingCopy {
  return { ...copy, files: { ...copy.files, [path]: text } };
}

export function removeFile(copy: WorkingCopy, path: string): WorkingCopy {
  const { [path]: _gone, ...files } = copy.files;
  return { ...copy, files };
}

export function renameFile(copy: WorkingCopy, path: string, name: string): WorkingCopy {
  return name === path ? copy : putFile(removeFile(copy, path), name, copy.files[path] ?? '');
}

/** The package that a new file beneath a layer has; a test tests the package that it lies beside. */
export function newFileText(layer: LayerKind, path: string): string {
  return `package countersign.${layer}${isTest(path) ? '_test' : ''}\n`;
}

/** The layer's data as an object, or why it is none. */
export function readData({ data }: WorkingCopy): { data: Record<string, unknown> } | { problem: string } {
  try {
    const value: unknown = data.trim() === '' ? {} : JSON.parse(data);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'The data of a layer is a JSON object: { ... }' };
    return { data: value as Record<string, unknown> };
  } catch (error) {
    return { problem: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

export interface FileChange {
  path: string;
  before: string;
  after: string;
  kind: 'added' | 'changed' | 'removed';
}

/** What differs from `base`, file by file; the data counts by its value, not by its white space. */
export function changesFrom(base: WorkingCopy, copy: WorkingCopy): FileChange[] {
  const paths = [...new Set([...Object.keys(base.files), ...Object.keys(copy.files)])].sort();
  const files = paths.flatMap((path): FileChange[] => {
    const before = base.files[path];
    const after = copy.files[path];
    if (before === after) return [];
    return [{ path, before: before ?? '', after: after ?? '', kind: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed' }];
  });
  const data: FileChange[] = compact(base.data) === compact(copy.data) ? [] : [{ path: DATA_FILE, before: base.data, after: copy.data, kind: 'changed' }];
  const packs: FileChange[] = String(base.packs) === String(copy.packs) ? [] : [{ path: 'packs', before: lines(base.packs), after: lines(copy.packs), kind: 'changed' }];
  return [...files, ...data, ...packs];
}

function compact(data: string): string {
  try {
    return JSON.stringify(data.trim() === '' ? {} : JSON.parse(data));
  } catch {
    return data;
  }
}

function lines(packs: readonly string[] | null): string {
  return (packs ?? []).map((pack) => `${pack}\n`).join('');
}
