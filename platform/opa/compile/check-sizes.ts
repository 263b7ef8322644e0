import { DATA_FILE, structuredFile } from '../bundle/contents.ts';
import type { CompileLayer, CompileLimits } from './compile-options.ts';
import { filesOf } from './layers.ts';
import { errorAt, NOWHERE } from './problems.ts';
import type { FoundProblem } from './problems.ts';

/** Before anything is read or written: what is too large is not looked at. Paths are names in a folder and lead nowhere else. */
export function checkSizes(layers: readonly CompileLayer[], limits: CompileLimits): FoundProblem[] {
  const files = filesOf(layers);
  return [...checkPaths(layers), ...checkSources(files, limits), ...checkData(layers, limits)];
}

const PATH = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*\/)+[A-Za-z0-9_][A-Za-z0-9_.-]*\.rego$/;

function checkPaths(layers: readonly CompileLayer[]): FoundProblem[] {
  return layers.flatMap(({ name, files }) => [...files.keys()]
    .filter((path) => !PATH.test(path) || path.length > 200 || !path.startsWith(`${name}/`))
    .map((path) => errorAt({ ...NOWHERE, file: path }, 'path_invalid', `${JSON.stringify(path.slice(0, 200))} is no path of a source of the layer ${name}.`, 'Use letters, digits, "_" and "-", and the ending .rego.')));
}

function checkSources(files: ReadonlyMap<string, string>, limits: CompileLimits): FoundProblem[] {
  const problems: FoundProblem[] = [];
  let total = 0;
  for (const [path, text] of files) {
    const bytes = Buffer.byteLength(text);
    total += bytes;
    if (bytes > limits.file_bytes) problems.push(errorAt({ file: path, line: 1, column: 1 }, 'file_too_large', `The file has ${bytes} bytes; a source may have ${limits.file_bytes}.`, 'Divide it into several files of the same package. Lists belong into data.json.'));
    if (text.includes('\0')) problems.push(errorAt({ file: path, line: 1, column: 1 }, 'not_text', 'The file holds a NUL character.', 'Save it as UTF-8 text.'));
  }
  if (files.size > limits.files) problems.push(errorAt(NOWHERE, 'too_many_files', `There are ${files.size} sources; ${limits.files} are allowed.`));
  if (total > limits.source_bytes) problems.push(errorAt(NOWHERE, 'sources_too_large', `The sources have ${total} bytes in all; ${limits.source_bytes} are allowed.`, 'Lists belong into data.json.'));
  return problems;
}

function checkData(layers: readonly CompileLayer[], limits: CompileLimits): FoundProblem[] {
  const bytes = layers.reduce((sum, { data }) => sum + (data === undefined ? 0 : Buffer.byteLength(JSON.stringify(data))), 0);
  if (bytes > limits.data_bytes) return [errorAt(NOWHERE, 'data_too_large', `The data of all layers has ${bytes} bytes as JSON; ${limits.data_bytes} are allowed.`)];
  return layers.flatMap(({ name, data }) => {
    try {
      structuredFile(DATA_FILE, data ?? {});
      return [];
    } catch (error) {
      return [errorAt({ ...NOWHERE, file: `${name}/${DATA_FILE}` }, 'data_not_portable', `The data of the layer ${name} cannot be in a bundle: ${(error as Error).message}.`, 'Use plain JSON with keys in ASCII.')];
    }
  });
}
