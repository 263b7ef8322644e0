import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyFolder } from '@countersign/contracts/policy/author-request.ts';
import { compilePolicy } from '@countersign/platform/opa/compile/compile-policy.ts';
import type { CompileLayer, CompileOptions, LayerName } from '@countersign/platform/opa/compile/compile-options.ts';
import type { CompileReport } from '@countersign/platform/opa/compile/report.ts';
import { findOpa } from '../opa-command.ts';
import { SHIPPED_SET } from '../sets.ts';
import { AuthorError } from './errors.ts';

const POLICIES = join(import.meta.dirname, '..');

/** The shipped base and packs, and the author's layer on top. @throws AuthorError `pack_unknown` */
export async function stackOf({ layer, packs: chosen, files, data }: PolicyFolder): Promise<CompileLayer[]> {
  const packs = chosen ?? SHIPPED_SET.packs;
  const own: CompileLayer = { name: layer, data, files: new Map(Object.entries(files).map(([path, text]) => [`${layer}/${path}`, text])) };
  await refuseUnknownPacks(packs);
  return [await shippedLayer('base'), ...await Promise.all([...packs].sort().map((name) => shippedLayer(`packs/${name}`))), own];
}

/** @throws AuthorError `opa_unavailable`; CompileError */
export async function compileStack(layers: readonly CompileLayer[], until: CompileOptions['until']): Promise<CompileReport> {
  const opa = await findOpa().catch((error: { readonly stderr?: string }) => {
    throw new AuthorError('opa_unavailable', (error.stderr ?? '').trim() || 'There is no opa: `npm run setup:opa` gets it.', { cause: error });
  });
  return compilePolicy({
    opa, layers, ...(until === undefined ? {} : { until }),
    capabilities: join(POLICIES, 'capabilities.json'), inputSchema: join(POLICIES, '..', 'contracts', 'policy', 'input.schema.json'),
  });
}

/** Without its tests: those were run when the product was built. */
async function shippedLayer(name: LayerName): Promise<CompileLayer> {
  const files = (await readdir(join(POLICIES, name))).filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego')).sort();
  return { name, files: new Map(await Promise.all(files.map(async (file) => [`${name}/${file}`, await readFile(join(POLICIES, name, file), 'utf8')] as const))) };
}

async function refuseUnknownPacks(packs: readonly string[]): Promise<void> {
  const known = await readdir(join(POLICIES, 'packs'));
  const unknown = packs.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new AuthorError('pack_unknown', `There is no pack ${unknown.join(', ')}. policy.yaml can name: ${known.sort().join(', ')}.`);
}
