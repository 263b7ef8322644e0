import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findOpa } from '../../../policies/opa-command.ts';
import { compilePolicy } from './compile-policy.ts';
import type { CompileLayer, CompileOptions } from './compile-options.ts';
import type { CompileReport } from './report.ts';

const ROOT = path.join(import.meta.dirname, '..', '..', '..');

/** The real opa, the shipped base and packs, and what a policy is held to. */
export async function shippedOptions(): Promise<CompileOptions> {
  return {
    opa: await findOpa(),
    layers: [shipped('base'), ...readdirSync(path.join(ROOT, 'policies/packs')).sort().map((name) => shipped(`packs/${name}`))],
    capabilities: path.join(ROOT, 'policies/capabilities.json'),
    inputSchema: path.join(ROOT, 'contracts/policy/input.schema.json'),
  };
}

function shipped(name: 'base' | `packs/${string}`): CompileLayer {
  const folder = path.join(ROOT, 'policies', name);
  const names = readdirSync(folder).filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego')).sort();
  return { name, files: new Map(names.map((file) => [`${name}/${file}`, readFileSync(path.join(folder, file), 'utf8')])) };
}

/** Compiles the shipped layers with files of the tenant's layer on top: by name, without the folder. */
export async function compileTenant(files: Readonly<Record<string, string>>, changes: Partial<CompileOptions> & { readonly data?: CompileLayer['data'] } = {}): Promise<CompileReport> {
  const { data, ...options } = changes;
  const base = await shippedOptions();
  const tenant: CompileLayer = { name: 'tenant', files: new Map(Object.entries(files).map(([name, text]) => [`tenant/${name}`, text])), ...(data === undefined ? {} : { data }) };
  return compilePolicy({ ...base, ...options, layers: options.layers ?? [...base.layers, tenant] });
}

/** A verdict of the tenant as `opa fmt` writes it, under these conditions. */
export function deny(conditions: readonly string[], rule = 'tenant/late'): string {
  return [
    'package countersign.tenant', '', 'verdicts contains verdict if {', ...conditions.map((condition) => `\t${condition}`),
    '\tverdict := {', '\t\t"outcome": "DENY",', `\t\t"rule": "${rule}",`, '\t\t"message": "Too late",', '\t\t"obligations": {},', '\t}', '}', '',
  ].join('\n');
}
