import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../errors.ts';

const TEMPLATE = fileURLToPath(new URL('template', import.meta.url));
const LAYERS = ['tenant', 'workspace', 'environment'];
const PACK = /^[a-z][a-z0-9_]{0,62}$/;

export interface NewFolder {
  readonly layer: string;
  /** Of the tenant's layer; undefined: as shipped. */
  readonly packs: readonly string[] | undefined;
}

/** Writes a folder that passes `check` and `test` as it is, and changes nothing until its data names something. Answers its files. @throws CliError */
export async function newFolder(folder: string, { layer, packs }: NewFolder): Promise<string[]> {
  if (!LAYERS.includes(layer)) throw new CliError('input_invalid', `--layer is ${LAYERS.join(', ')}, and not ${layer}.`);
  if (packs !== undefined && layer !== 'tenant') throw new CliError('input_invalid', '--packs goes with the layer tenant alone: the layers above it stand on what it has chosen.');
  const wrong = packs?.find((name) => !PACK.test(name));
  if (wrong !== undefined) throw new CliError('input_invalid', `${JSON.stringify(wrong)} is no name of a pack.`);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new CliError('input_invalid', `${folder} exists and is not empty. Choose another folder.`);
  await mkdir(folder, { recursive: true });
  const names = (await readdir(TEMPLATE)).sort();
  for (const name of names) await writeFile(path.join(folder, named(name, layer)), named(await readFile(path.join(TEMPLATE, name), 'utf8'), layer).replace('PACKS\n', packsLines(layer, packs)));
  return names.map((name) => named(name, layer));
}

function named(text: string, layer: string): string {
  return text.replaceAll('LAYER', layer);
}

function packsLines(layer: string, packs: readonly string[] | undefined): string {
  if (layer !== 'tenant') return '';
  const comment = '# What the layer stands on. Without this line: the packs of the version before, or those that are shipped.\n';
  return `${comment}${packs === undefined ? '# packs: [engineering, itsm]' : `packs: [${packs.join(', ')}]`}\n`;
}
