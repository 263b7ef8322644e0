import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { PolicyFolder } from '@countersign/contracts/policy/author-request.ts';
import { CliError } from '../errors.ts';

export const POLICY_FILE = 'policy.yaml';
const DATA_FILE = 'data.json';
const LAYERS = ['tenant', 'workspace', 'environment'] as const;
const KEYS = ['apiVersion', 'kind', 'layer', 'packs', 'description'];

/** A policy as it lies in git: policy.yaml, Rego with its tests, and data.json. @throws CliError naming the file and the line */
export async function readFolder(folder: string): Promise<PolicyFolder> {
  const { layer, packs } = await readManifest(path.join(folder, POLICY_FILE), folder);
  const files = await readRego(folder);
  if (Object.keys(files).length === 0) throw new CliError('input_invalid', `${folder} holds no .rego file. \`countersign policy new\` makes a folder that explains itself.`);
  return { layer, packs, files, data: await readData(path.join(folder, DATA_FILE)) };
}

async function readManifest(file: string, folder: string): Promise<Pick<PolicyFolder, 'layer' | 'packs'>> {
  const source = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CliError('input_invalid', `${folder} holds no ${POLICY_FILE}, so it is no policy. \`countersign policy new DIR\` makes one.`, { cause });
  });
  const lineCounter = new LineCounter();
  const document = parseDocument(source, { lineCounter });
  const refuse = (key: string | null, message: string): never => {
    const offset = key === null ? 0 : Math.max(source.search(new RegExp(`^${key}\\b`, 'm')), 0);
    throw new CliError('input_invalid', `${file}:${lineCounter.linePos(offset).line}: ${message}`);
  };
  const [error] = document.errors;
  if (error !== undefined) throw new CliError('input_invalid', `${file}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0] ?? ''}`);
  const manifest = document.toJS({ maxAliasCount: 10 }) as unknown;
  if (!isObject(manifest)) return refuse(null, 'This is no mapping. Begin with `apiVersion: countersign.dev/v1`.');
  return checkManifest(manifest, refuse);
}

function checkManifest(manifest: Readonly<Record<string, unknown>>, refuse: (key: string | null, message: string) => never): Pick<PolicyFolder, 'layer' | 'packs'> {
  const { apiVersion, kind, layer, packs } = manifest;
  const unknown = Object.keys(manifest).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) refuse(unknown, `There is no ${unknown} in a policy. There are: ${KEYS.join(', ')}.`);
  if (apiVersion !== 'countersign.dev/v1') refuse('apiVersion', 'Write `apiVersion: countersign.dev/v1`.');
  if (kind !== 'Policy') refuse('kind', 'Write `kind: Policy`.');
  const known = LAYERS.find((name) => name === layer);
  if (known === undefined) return refuse('layer', `A layer is ${LAYERS.join(', ')}${layer === undefined ? '' : ` and not ${JSON.stringify(layer)}`}.`);
  if (packs === undefined || packs === null) return { layer: known, packs: null };
  if (known !== 'tenant') refuse('packs', 'Only the layer tenant chooses packs.');
  if (!Array.isArray(packs) || !packs.every((name) => typeof name === 'string')) return refuse('packs', 'Packs are a list of names, such as [itsm, engineering].');
  return { layer: known, packs: packs as string[] };
}

async function readRego(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.rego')).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.split(path.sep).some((part) => part.startsWith('.') || part === 'node_modules')).sort();
  return Object.fromEntries(await Promise.all(found.map(async (file) => [file.split(path.sep).join('/'), await readFile(path.join(folder, file), 'utf8')])));
}

async function readData(file: string): Promise<Record<string, unknown>> {
  const source = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw new CliError('input_invalid', `${file} cannot be read: ${error.message}`, { cause: error });
  });
  const data = parseJson(source, file);
  if (!isObject(data)) throw new CliError('input_invalid', `${file}:1: The data of a layer is a JSON object: {...}.`);
  return data;
}

/** Also of an input. @throws CliError with the line */
export function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch (cause) {
    // V8 names the place for some mistakes only. Nearly all JSON is YAML, whose parser names it always.
    const line = parseDocument(source).errors[0]?.linePos?.[0].line ?? 1;
    throw new CliError('input_invalid', `${file}:${line}: This is no JSON: ${(cause as Error).message.split(',')[0]}.`, { cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
