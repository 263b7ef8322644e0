import type { Obligations } from '@countersign/contracts/policy/decision.ts';
import type { Json, JsonObject } from '../../sdk/connector.ts';
import type { Adjusted } from '../ports.ts';

/** What stands where a text was redacted. */
export const REDACTED = '[redacted by policy]';

export type ParameterObligations = Pick<Obligations, 'caps' | 'redactions'>;

/** The parameters as policy lets them be sent, and what it took: nothing where `capped` and `redacted` are empty. */
export interface ChangedParameters extends Adjusted {
  readonly parameters: JsonObject;
  /** Pointers of caps whose value is there and is no number, so that nobody can say that it is small enough. */
  readonly uncappable: readonly string[];
}

/**
 * `parameters` with each cap and each redaction applied; `-` in a pointer stands for every element of a list. A text becomes `REDACTED`, a
 * member that is no text is removed, and an element of a list that is no text becomes null, so that the others keep their places. Applying
 * the same again changes nothing, which is how it is known that what will be sent is as policy wants it.
 */
export function changeParameters(parameters: JsonObject, { caps = {}, redactions = [] }: ParameterObligations): ChangedParameters {
  const copy = structuredClone(parameters);
  const capped = new Set<string>();
  const redacted = new Set<string>();
  const uncappable = new Set<string>();
  for (const pointer of redactions) {
    for (const place of placesOf(copy, pointer)) if (redactAt(place)) redacted.add(place.pointer);
  }
  for (const [pointer, limit] of Object.entries(caps)) {
    for (const place of placesOf(copy, pointer)) {
      const value = valueAt(place);
      // What was redacted is not sent, so there is nothing left to cap.
      if (redacted.has(place.pointer) || value === REDACTED) continue;
      if (typeof value !== 'number') uncappable.add(place.pointer);
      else if (value > limit) {
        put(place, Number.isInteger(value) ? Math.floor(limit) : limit);
        capped.add(place.pointer);
      }
    }
  }
  return { parameters: copy, capped: [...capped].sort(), redacted: [...redacted].sort(), uncappable: [...uncappable].sort() };
}

/** A member of an object or an element of a list that is there. */
type Place = { readonly pointer: string } & ({ readonly of: JsonObject; readonly name: string } | { readonly of: Json[]; readonly name: number });

function placesOf(root: JsonObject, pointer: string): Place[] {
  const names = pointer.split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  let places: Place[] = memberOf(root, '', names[0] ?? '');
  for (const name of names.slice(1)) places = places.flatMap((place) => memberOf(valueAt(place), place.pointer, name));
  return places;
}

function memberOf(value: Json | undefined, pointer: string, name: string): Place[] {
  if (Array.isArray(value)) {
    const chosen = name === '-' ? value.keys().toArray() : /^(0|[1-9][0-9]{0,8})$/.test(name) && Number(name) < value.length ? [Number(name)] : [];
    return chosen.map((index) => ({ of: value, name: index, pointer: `${pointer}/${index}` }));
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return [{ of: value, name, pointer: `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` }];
}

function valueAt(place: Place): Json | undefined {
  return Array.isArray(place.of) ? place.of[place.name as number] : place.of[place.name];
}

function put(place: Place, value: Json): void {
  if (Array.isArray(place.of)) place.of[place.name as number] = value;
  else place.of[place.name] = value;
}

/** Gives whether anything was there to be taken out. */
function redactAt(place: Place): boolean {
  const value = valueAt(place);
  if (typeof value === 'string') {
    if (value === REDACTED) return false;
    put(place, REDACTED);
    return true;
  }
  if (!Array.isArray(place.of)) return delete place.of[place.name];
  if (value === null) return false;
  put(place, null);
  return true;
}
