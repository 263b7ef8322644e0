/** How people really type: slips, short forms, shouting, no capitals. */
import type { Random } from './random.ts';

const SHORT_FORMS: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bplease\b/gi, 'pls'], [/\bpassword\b/gi, 'pw'], [/\bnetwork\b/gi, 'nw'], [/\bapplication\b/gi, 'appl.'], [/\bserver\b/gi, 'srv'], [/\bdatabase\b/gi, 'db'],
  [/\bcannot\b/gi, 'cant'], [/\bdoes not\b/gi, 'doesnt'], [/\bproblem\b/gi, 'prob'], [/\bmessage\b/gi, 'msg'], [/\baccount\b/gi, 'acct'], [/\byou\b/gi, 'u'], [/\bsince\b/gi, 's.'],
];

/** A subject or sentence as typed in a hurry. `level` is how likely each kind of carelessness is, 0 to 1. */
export function typeCarelessly(random: Random, text: string, level: number): string {
  let typed = text;
  if (random.chance(level * 0.35)) typed = abbreviate(random, typed);
  if (random.chance(level * 0.5)) typed = slip(random, typed);
  if (random.chance(level * 0.15)) typed = slip(random, typed);
  if (random.chance(level * 0.3)) typed = typed.toLowerCase();
  else if (random.chance(level * 0.08)) typed = typed.toUpperCase();
  return typed;
}

function abbreviate(random: Random, text: string): string {
  return SHORT_FORMS.reduce((shortened, [word, form]) => (random.chance(0.7) ? shortened.replace(word, form) : shortened), text);
}

/** One letter doubled, dropped or swapped with the next. */
function slip(random: Random, text: string): string {
  if (text.length < 6) return text;
  const at = random.between(1, text.length - 3);
  const [before, letter, next, after] = [text.slice(0, at), text.charAt(at), text.charAt(at + 1), text.slice(at + 2)];
  if (!/\p{L}/u.test(letter) || !/\p{L}/u.test(next)) return text;
  return random.pick([`${before}${letter}${letter}${next}${after}`, `${before}${next}${after}`, `${before}${next}${letter}${after}`]);
}
