import type { Place } from './places.ts';
import { variantsOf } from './variants.ts';
import type { Canary } from './variants.ts';

export interface Found {
  readonly canary: string;
  readonly place: Place['kind'];
  readonly where: string;
  readonly variant: string;
  /** What stands around it, the value itself left out. */
  readonly around: string;
}

/** Every place in which a canary stands in any form. */
export function search(canaries: readonly Canary[], places: readonly Place[]): Found[] {
  return canaries.flatMap((canary) => {
    const variants = variantsOf(canary);
    return places.flatMap(({ kind, where, text }) => {
      for (const [form, variant] of variants) {
        const at = text.indexOf(form);
        if (at !== -1) return [{ canary: canary.name, place: kind, where, variant, around: `${text.slice(Math.max(0, at - AROUND), at)}[...]${text.slice(at + form.length, at + form.length + AROUND)}` }];
      }
      return [];
    });
  });
}

const AROUND = 60;
