/** One suspect character and what stands around it. */
export interface Place {
  /** Of the whole text, one code point each. */
  readonly characters: readonly string[];
  readonly index: number;
  /** What has been kept of the text before it. */
  readonly kept: readonly string[];
  readonly hasRightToLeft: boolean;
}

/** `drop`: it goes, but is common in honest text, changes nothing that is read and so says nothing about who wrote it. */
export type Verdict = 'keep' | 'drop' | 'flag';

/**
 * What scripts and emoji need stays, one at a time and only where it has an effect: a run of them is a carrier of hidden bytes. Marks of
 * direction go quietly where there is something to direct, and variants of ideographs show the same character without their selector.
 */
export function verdictOn(place: Place): Verdict {
  const character = place.characters[place.index] ?? '';
  switch (character) {
    case ZWJ: return joinsEmoji(place) || joinsLetters(place) ? 'keep' : 'flag';
    case ZWNJ: return joinsLetters(place) ? 'keep' : 'flag';
    case '\r': return after(place) === '\n' ? 'keep' : 'flag';
    case ZWSP: return UNSPACED.test(before(place)) && UNSPACED.test(after(place)) ? 'drop' : 'flag';
    case LRM: case RLM: case ALM: return place.hasRightToLeft ? 'drop' : 'flag';
    case TEXT_STYLE: case EMOJI_STYLE: return stylesEmoji(place) ? 'keep' : 'flag';
    default: break;
  }
  if (MONGOLIAN_SELECTOR.test(character)) return /\p{Script=Mongolian}/u.test(before(place)) && !MONGOLIAN_SELECTOR.test(before(place)) ? 'keep' : 'flag';
  if (IDEOGRAPHIC_SELECTOR.test(character)) return /\p{Unified_Ideograph}/u.test(original(place, -1)) ? 'drop' : 'flag';
  return isTag(character) && standsInFlag(place) ? 'keep' : 'flag';
}

const ZWNJ = '\u200c';
const ZWJ = '\u200d';
const ZWSP = '\u200b';
const LRM = '\u200e';
const RLM = '\u200f';
const ALM = '\u061c';
const TEXT_STYLE = '\ufe0e';
const EMOJI_STYLE = '\ufe0f';
const KEYCAP = '\u20e3';
const BLACK_FLAG = '\u{1f3f4}';

const MONGOLIAN_SELECTOR = /[\u180b-\u180d\u180f]/u;
const IDEOGRAPHIC_SELECTOR = /[\u{e0100}-\u{e01ef}]/u;
/** Scripts that put no spaces between words, where a zero-width space only says where a line may break. */
const UNSPACED = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Scripts whose letters change their form with the letter next to them. */
const CURSIVE = /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mandaic}\p{Script=Mongolian}\p{Script=Phags_Pa}\p{Script=Adlam}\p{Script=Hanifi_Rohingya}]/u;
const BRAHMIC = /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Tibetan}]/u;
const LETTER_OR_MARK = /[\p{L}\p{M}]/u;
const PICTOGRAPH = /\p{Extended_Pictographic}/u;
/** The three flags of this kind that are recommended for interchange: England, Scotland, Wales. */
const FLAGS = ['gbeng', 'gbsct', 'gbwls'].map((region) => `${Array.from(region, (letter) => String.fromCodePoint(0xe0000 + letter.codePointAt(0)!)).join('')}\u{e007f}`);

/** RFC 5892, A.1 and A.2, by script, because regular expressions know no joining types: between letters of one cursive script, after one of a Brahmic one. */
function joinsLetters(place: Place): boolean {
  const [left, right] = [before(place), after(place)];
  if (!LETTER_OR_MARK.test(left)) return false;
  if (CURSIVE.test(left)) return LETTER_OR_MARK.test(right) && CURSIVE.test(right);
  return BRAHMIC.test(left) && LETTER_OR_MARK.test(right) && BRAHMIC.test(right);
}

/** `👩‍💻`: a picture, perhaps with its skin or its style, and another picture. */
function joinsEmoji(place: Place): boolean {
  const left = before(place);
  const base = left === EMOJI_STYLE || /\p{EMod}/u.test(left) ? place.kept.at(-2) ?? '' : left;
  return PICTOGRAPH.test(base) && PICTOGRAPH.test(after(place));
}

/** One after a character that has both styles; after a digit only in a keycap. */
function stylesEmoji(place: Place): boolean {
  const left = before(place);
  return /[0-9#*]/.test(left) ? after(place) === KEYCAP : /\p{Emoji}/u.test(left);
}

/** A tag says something only in the flag of a region: the black flag, then exactly one of the known tag sequences. */
function standsInFlag({ characters, index }: Place): boolean {
  let start = index;
  while (start > 0 && isTag(characters[start] ?? '')) start -= 1;
  return characters[start] === BLACK_FLAG && FLAGS.some((flag) => {
    const length = Array.from(flag).length;
    return index <= start + length && characters.slice(start + 1, start + 1 + length).join('') === flag && !isTag(characters[start + 1 + length] ?? '');
  });
}

function isTag(character: string): boolean {
  return /^[\u{e0020}-\u{e007f}]$/u.test(character);
}

function before({ kept }: Place): string {
  return kept.at(-1) ?? '';
}

function after(place: Place): string {
  return original(place, 1);
}

function original({ characters, index }: Place, step: 1 | -1): string {
  return characters[index + step] ?? '';
}
