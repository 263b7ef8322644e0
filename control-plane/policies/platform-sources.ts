import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { isTestFile } from './layer-source.ts';

/** Rego by path, as bundles name it. */
export type SourceFiles = ReadonlyMap<string, string>;

/** What every stack stands on: the base that nobody can loosen, and the packs that a tenant chooses from. */
export interface PlatformSources {
  readonly base: SourceFiles;
  readonly packs: ReadonlyMap<string, SourceFiles>;
}

/** Reads them from the folder of the policies, without their tests: those were run when the product was built. */
export async function readPlatformSources(folder: string): Promise<PlatformSources> {
  const packs = new Map<string, SourceFiles>();
  for (const name of (await readdir(path.join(folder, 'packs'))).sort()) packs.set(name, await regoFilesIn(folder, `packs/${name}`));
  return { base: await regoFilesIn(folder, 'base'), packs };
}

async function regoFilesIn(root: string, folder: string): Promise<SourceFiles> {
  const names = (await readdir(path.join(root, folder))).filter((name) => name.endsWith('.rego') && !isTestFile(name)).sort();
  return new Map(await Promise.all(names.map(async (name) => [`${folder}/${name}`, await readFile(path.join(root, folder, name), 'utf8')] as const)));
}

/** @throws ApiError `policy_pack_unknown` */
export function refuseUnknownPacks({ packs }: PlatformSources, chosen: readonly string[]): void {
  const unknown = chosen.filter((name) => !packs.has(name));
  if (unknown.length === 0) return;
  throw new ApiError('policy_pack_unknown', `There is no pack ${unknown.map((name) => JSON.stringify(name)).join(', ')}. There are: ${[...packs.keys()].join(', ')}.`, {
    errors: unknown.map((name) => ({ field: '/packs', code: 'unknown', message: `There is no pack named ${name}.` })),
  });
}
