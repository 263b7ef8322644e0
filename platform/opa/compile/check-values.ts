import type { InputFields } from './input-fields.ts';
import { isTestFile } from './layers.ts';
import type { ModuleFacts } from './module-facts.ts';
import { nearest } from './nearest.ts';
import { fieldSuggestion } from './suggest-field.ts';
import { errorAt, placeOf } from './problems.ts';
import type { FoundProblem } from './problems.ts';

/** Comparisons with a value that a field never has, such as `input.action.risk == "writes"`. OPA knows types, and no lists of values. */
export function checkValues(modules: ReadonlyMap<string, ModuleFacts>, fields: InputFields): FoundProblem[] {
  return [...modules.values()].filter(({ file }) => !isTestFile(file)).flatMap(({ comparisons }) => comparisons.flatMap(({ field, literals }) => {
    const values = fields.valuesOf(field);
    if (values === null) return [];
    return literals.filter(({ value }) => !values.includes(value)).map(({ value, place }) => {
      const meant = nearest(value, values);
      return errorAt(placeOf(place), 'unknown_value', `input.${field.join('.')} is never ${JSON.stringify(value)}.`, meant === null ? `It is one of: ${values.join(', ')}.` : `Did you mean ${JSON.stringify(meant)}?`);
    });
  }));
}

/** Fields that no input has. OPA says so too, but only once every function is known; here one round shows all. */
export function checkFields(modules: ReadonlyMap<string, ModuleFacts>, fields: InputFields): FoundProblem[] {
  return [...modules.values()].flatMap(({ inputReferences }) => inputReferences.flatMap(({ path, places }) => {
    const unknown = fields.unknownPart(path);
    const place = unknown === null ? undefined : places[unknown.index];
    if (unknown === null || place === undefined) return [];
    const name = path[unknown.index] ?? '';
    const parent = ['input', ...path.slice(0, unknown.index)].join('.');
    return [errorAt(placeOf(place), 'unknown_input_field', `${parent} has no field ${JSON.stringify(name)}.`, fieldSuggestion(name, parent, unknown.fields, fields))];
  }));
}
