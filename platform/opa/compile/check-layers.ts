import type { CompileLayer, LayerName } from './compile-options.ts';
import { isAuthored, isTestFile, mayHavePackage, packageOf } from './layers.ts';
import type { ModuleFacts } from './module-facts.ts';
import { nearest } from './nearest.ts';
import { errorAt, NOWHERE, placeOf, warningAt } from './problems.ts';
import type { FoundProblem } from './problems.ts';

/** That each source stays within its layer, and that a layer has a word to say. */
export function checkLayers(layers: readonly CompileLayer[], modules: ReadonlyMap<string, ModuleFacts>): FoundProblem[] {
  return layers.flatMap((layer) => {
    const own = [...layer.files.keys()].flatMap((file) => modules.get(file) ?? []);
    return [...own.flatMap((facts) => checkModule(layer.name, facts)), ...checkVerdictsExist(layer, own), ...checkReferences(layer, layers, own, modules)];
  });
}

function checkModule(layer: LayerName, facts: ModuleFacts): FoundProblem[] {
  const problems: FoundProblem[] = [];
  const place = placeOf(facts.packagePlace);
  if (!mayHavePackage(layer, facts.file, facts.package)) {
    problems.push(errorAt(place, 'package_outside_layer', `A source of the layer ${layer} cannot be in the package ${facts.package}.`, `Write \`package ${packageOf(layer)}\`, or a package beneath it such as \`${packageOf(layer)}.lists\`.`));
  }
  if (facts.annotatesSchemas && isAuthored(layer)) {
    // A schema may name a file or an address as its $ref, which opa would read here.
    problems.push(errorAt({ ...place, line: 1, column: 1 }, 'schema_annotation', 'Annotations with `schemas` are not taken: every source is checked against the schema of the input.', 'Remove `schemas` from the METADATA comment.'));
  }
  if (facts.package === packageOf(layer)) problems.push(...facts.verdictObjects.map((at) => errorAt(placeOf(at), 'verdicts_not_a_set', '`verdicts[...] if` makes an object, and its verdicts are not seen.', 'Write `verdicts contains verdict if { ... }`.')));
  return problems;
}

function checkVerdictsExist({ name, files }: CompileLayer, own: readonly ModuleFacts[]): FoundProblem[] {
  const sources = own.filter(({ file }) => !isTestFile(file));
  if (!isAuthored(name) || sources.length === 0 || own.length < files.size || sources.some((facts) => facts.package === packageOf(name) && facts.ruleNames.has('verdicts'))) return [];
  // Not a warning: a layer that was to restrict, with the name of its rule misspelt, would restrict nothing.
  return [errorAt(placeOf(sources[0]!.packagePlace), 'no_verdicts', `The layer has no rule \`verdicts\` in the package ${packageOf(name)}, so it decides nothing.`, `Write \`verdicts contains verdict if { ...; verdict := {"outcome": ..., "rule": "${name}/...", "message": ..., "obligations": {}} }\`.`)];
}

/**
 * References into packages that are there, to names that are not. OPA takes them for data that may come later, and the expression never
 * holds: a rule that denies would deny nothing.
 */
function checkReferences(layer: CompileLayer, layers: readonly CompileLayer[], own: readonly ModuleFacts[], modules: ReadonlyMap<string, ModuleFacts>): FoundProblem[] {
  if (!isAuthored(layer.name)) return [];
  const known = namesByPackage(modules);
  return own.flatMap((facts) => facts.dataReferences.flatMap(({ path, place }): FoundProblem[] => {
    if (path[0] !== 'countersign') {
      const outside = path.length > 0 && !isTestFile(facts.file);
      return outside ? [errorAt(placeOf(place), 'unknown_reference', `There is nothing at data.${path.join('.')}: policy sees data.countersign alone.`, `The layer's own data.json is at data.countersign.config.${layer.name}.`)] : [];
    }
    if (path[1] === 'config') return checkData(layers, path.slice(2), placeOf(place));
    return checkName(known, path, placeOf(place));
  }));
}

function namesByPackage(modules: ReadonlyMap<string, ModuleFacts>): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  const add = (name: string, member: string): void => { known.set(name, (known.get(name) ?? new Set()).add(member)); };
  for (const { package: name, ruleNames } of modules.values()) {
    for (const rule of ruleNames) add(name, rule);
    const parts = name.split('.');
    for (let length = 1; length < parts.length; length += 1) add(parts.slice(0, length).join('.'), parts[length] ?? '');
  }
  // Layers that this stack has none of may be spoken of; nothing is known of what is in them.
  for (const layer of ['packs', 'tenant', 'workspace', 'environment', 'config']) add('countersign', layer);
  return known;
}

function checkName(known: ReadonlyMap<string, ReadonlySet<string>>, path: readonly string[], place: { file: string; line: number; column: number }): FoundProblem[] {
  for (let length = 1; length < path.length; length += 1) {
    const parent = path.slice(0, length).join('.');
    const names = known.get(parent);
    const name = path[length] ?? '';
    if (names === undefined) return [];
    if (names.has(name)) continue;
    const meant = nearest(name, names);
    return [errorAt(place, 'unknown_reference', `There is no ${name} in data.${parent}.`, meant === null ? `It has: ${[...names].sort().slice(0, 20).join(', ')}.` : `Did you mean data.${parent}.${meant}?`)];
  }
  return [];
}

function checkData(layers: readonly CompileLayer[], path: readonly string[], place: { file: string; line: number; column: number }): FoundProblem[] {
  const [of = '', ...rest] = path;
  const given = layers.find(({ name }) => name === of)?.data;
  if (given === undefined) return [];
  let at: unknown = given;
  for (const [index, name] of rest.entries()) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return [];
    if (!Object.hasOwn(at, name)) {
      const meant = nearest(name, Object.keys(at));
      const where = ['data.countersign.config', of, ...rest.slice(0, index)].join('.');
      return [warningAt({ ...NOWHERE, ...place }, 'unknown_data', `There is no ${name} in ${where}, so what reads it never holds.`, meant === null ? `Add it to the data of the layer ${of}, or read it with object.get and a default.` : `Did you mean ${where}.${meant}?`)];
    }
    at = (at as Record<string, unknown>)[name];
  }
  return [];
}
