import { verdictOn } from './legitimate-uses.ts';

/** What people do not see but models read, or what changes what people see. */
export const HIDDEN_KINDS = [
  'annotation', 'bidirectional', 'control', 'filler', 'private_use', 'separator', 'soft_hyphen', 'surrogate', 'tag', 'variation_selector', 'zero_width',
] as const;
export type HiddenKind = (typeof HIDDEN_KINDS)[number];

/** How many of each kind were taken out; a kind that there was none of is absent. Never says what stood there. */
export type HiddenCharacters = Readonly<Partial<Record<HiddenKind, number>>>;

export interface CleanText {
  /** In Unicode's form NFC. */
  readonly text: string;
  readonly hidden: HiddenCharacters;
}

/**
 * `text` as people see it: without hidden characters, in NFC. What scripts and emoji need stays (`legitimate-uses.ts`). Cleaning a clean
 * text changes nothing. Sources: Unicode 17 DerivedCoreProperties (Default_Ignorable_Code_Point), UAX #9 (bidi), UAX #15 (NFC),
 * UTS #51 (emoji sequences), RFC 5892 appendix A (joiners).
 */
export function cleanText(text: string): CleanText {
  let cleaned = cleanOnce(text, verdictOn);
  for (let pass = 1; pass <= MAX_PASSES && SUSPECT.test(cleaned.text); pass++) {
    // A joiner may have stood before something that is gone now.
    const again = cleanOnce(cleaned.text, pass < MAX_PASSES ? verdictOn : () => 'flag');
    if (again.text === cleaned.text && Object.keys(again.hidden).length === 0) return cleaned;
    cleaned = { text: again.text, hidden: sumOfHidden(cleaned.hidden, again.hidden) };
  }
  return cleaned;
}

/** A text that is still not clean after so many passes is made to fool us: nothing that hides stays in it. Bounded, so that none takes long. */
const MAX_PASSES = 4;

function sumOfHidden(one: HiddenCharacters, other: HiddenCharacters): HiddenCharacters {
  const kinds = HIDDEN_KINDS.filter((kind) => one[kind] !== undefined || other[kind] !== undefined);
  return Object.fromEntries(kinds.map((kind) => [kind, (one[kind] ?? 0) + (other[kind] ?? 0)]));
}

function cleanOnce(text: string, judge: typeof verdictOn): CleanText {
  if (!SUSPECT.test(text)) return { text: text.normalize('NFC'), hidden: {} };
  const characters = Array.from(text);
  const hasRightToLeft = RIGHT_TO_LEFT.test(text);
  const counts: Partial<Record<HiddenKind, number>> = {};
  const kept: string[] = [];
  for (const [index, character] of characters.entries()) {
    const kind = SUSPECT.test(character) ? kindOf(character) : null;
    const verdict = kind === null ? 'keep' : judge({ characters, index, kept, hasRightToLeft });
    if (verdict === 'keep') kept.push(character);
    else if (kind === 'separator') kept.push('\n');
    if (kind !== null && verdict === 'flag') counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return { text: kept.join('').normalize('NFC'), hidden: counts };
}

/** Everything that this file looks at twice; most texts have none of it. Tab and line feed are plain. */
const SUSPECT = /(?![\t\n])[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u2800]/u;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** In this order: the first that fits names the kind. */
const KINDS: ReadonlyArray<readonly [RegExp, HiddenKind]> = [
  [/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u, 'bidirectional'],
  [/[\u{e0000}-\u{e007f}]/u, 'tag'],
  [/[\p{Variation_Selector}\u{e0080}-\u{e0fff}]/u, 'variation_selector'],
  [/\u00ad/u, 'soft_hyphen'],
  [/[\ufff0-\ufffb]/u, 'annotation'],
  [/[\p{Zl}\p{Zp}\u0085]/u, 'separator'],
  [/\p{Cs}/u, 'surrogate'],
  [/\p{Co}/u, 'private_use'],
  [/[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/u, 'filler'],
  [/[\p{Cc}\p{Noncharacter_Code_Point}]/u, 'control'],
];

/** Null for format characters that are seen, such as the Arabic number sign. */
function kindOf(character: string): HiddenKind | null {
  const named = KINDS.find(([pattern]) => pattern.test(character));
  if (named !== undefined) return named[1];
  return VISIBLE_FORMAT.test(character) ? null : 'zero_width';
}

/** Prepended_Concatenation_Mark, which regular expressions have no name for, and the controls that join hieroglyphs. */
const VISIBLE_FORMAT = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}\u{13430}-\u{1345f}]/u;
