import type { CompileLayer, LayerName } from './compile-options.ts';

/** Those that authors write; everything else is part of the product. */
export function isAuthored(name: LayerName): boolean {
  return name === 'tenant' || name === 'workspace' || name === 'environment';
}

/** `countersign.tenant`, `countersign.packs.itsm`; the base has all of `countersign` that is nobody else's. */
export function packageOf(name: LayerName): string {
  return name === 'base' ? 'countersign' : `countersign.${name.replace('/', '.')}`;
}

/** What the names of its rules begin with: `tenant/..`, and for a pack its own name, `itsm/..`. */
export function rulePrefixOf(name: LayerName): string {
  return `${name.replace(/^packs\//, '')}/`;
}

export function isTestFile(path: string): boolean {
  return path.endsWith('_test.rego');
}

const OF_OTHER_LAYERS = ['packs', 'tenant', 'workspace', 'environment', 'config'];

/** Whether a source of the layer may be in the package. A test may also stand in a package of its own beside: `countersign.tenant_test`. */
export function mayHavePackage(layer: LayerName, file: string, named: string): boolean {
  const own = packageOf(layer);
  if (isTestFile(file) && (named === `${own}_test` || named.startsWith(`${own}_test.`))) return true;
  if (layer === 'base') return named === own || (named.startsWith(`${own}.`) && !OF_OTHER_LAYERS.includes(named.split('.')[1] ?? ''));
  return named === own || named.startsWith(`${own}.`);
}

/** All files of all layers by path. */
export function filesOf(layers: readonly CompileLayer[]): Map<string, string> {
  return new Map(layers.flatMap(({ files }) => [...files]));
}

/** `{countersign: {config: {tenant: ..., packs: {itsm: ...}}}}`: what stands in the bundle's data.json. */
export function dataOf(layers: readonly CompileLayer[]): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  const packs: Record<string, unknown> = {};
  for (const { name, data } of layers) {
    if (data === undefined) continue;
    if (name.startsWith('packs/')) packs[name.slice('packs/'.length)] = data;
    else config[name] = data;
  }
  return { countersign: { config: { ...config, ...(Object.keys(packs).length === 0 ? {} : { packs }) } } };
}
