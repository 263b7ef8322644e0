import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compilePolicy } from '@countersign/platform/opa/compile/compile-policy.ts';
import type { CompileLayer, LayerName } from '@countersign/platform/opa/compile/compile-options.ts';
import { findOpa } from '../opa-command.ts';

const POLICIES = join(import.meta.dirname, '..');

/** A layer that lies here (`base`, `packs/itsm`), without its tests. */
export async function layerHere(name: LayerName): Promise<CompileLayer> {
  const files = (await readdir(join(POLICIES, name))).filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego'));
  return { name, files: new Map(await Promise.all(files.map(async (file) => [`${name}/${file}`, await readFile(join(POLICIES, name, file), 'utf8')] as const))) };
}

/** The WASM of these layers, by the compiler that tenants' policy goes through. */
export async function compileLayers(layers: readonly CompileLayer[]): Promise<Uint8Array> {
  const { wasm, problems } = await compilePolicy({
    opa: await findOpa(),
    layers,
    capabilities: join(POLICIES, 'capabilities.json'),
    inputSchema: join(POLICIES, '..', 'contracts', 'policy', 'input.schema.json'),
  });
  if (wasm === null) throw new Error(`does not compile: ${JSON.stringify(problems)}`);
  return wasm;
}
