/** Longer fields are cut: what routes a ticket stands early, and a pasted log must not buy CPU time. */
export const MAX_FIELD_CHARS = 6_000;

/** Quoted mail and what follows a sign-off counts this much: seldom what the ticket is about, but a forwarded
 * request has all of its substance there, so it is not dropped. */
const BOILERPLATE_WEIGHT = 0.5;

export interface TextSegment {
  readonly text: string;
  readonly weight: number;
}

const QUOTED_LINE = /^\s*>/u;
const QUOTE_HEADER = /^\s*(?:-{2,}\s*(?:original message|forwarded message|urspr\p{L}+ nachricht|message d.origine|mensaje original|mensagem original)|_{10,})/iu;
const SIGN_OFF =
  /^\s*(?:--\s*|(?:best|kind|warm|many)?\s*regards|best wishes|sincerely|yours (?:truly|sincerely)|mit (?:freundlichen|besten) gr\S+|viele gr\S+|cordialement|bien cordialement|saludos(?: cordiales)?|atentamente|atenciosamente|cordiali saluti|met vriendelijke groet\S*|с уважением|disclaimer|this (?:e-?mail|message) (?:and any attachments )?is confidential)[\s,.!:]*$/iu;

/**
 * Makes any string fit to be learnt from: well-formed UTF-16 (lone surrogates become U+FFFD), no control
 * characters but line breaks, nothing invisible (soft hyphens, zero-width and direction marks), no mark-up, at most MAX_FIELD_CHARS.
 */
export function cleanText(raw: string): string {
  return raw
    .slice(0, MAX_FIELD_CHARS)
    .toWellFormed()
    .replace(/<\/?[a-z][^<>]{0,200}>/giu, ' ')
    .replace(/\p{Cf}/gu, '')
    .replace(/[^\P{Cc}\n]/gu, ' ');
}

/** Splits a cleaned description into what its author wrote and what a mail program added. */
export function segmentDescription(clean: string): TextSegment[] {
  if (!clean.includes('\n')) return [{ text: clean, weight: 1 }];
  const own: string[] = [];
  const rest: string[] = [];
  let signedOff = false;
  for (const line of clean.split('\n')) {
    if (SIGN_OFF.test(line) || QUOTE_HEADER.test(line)) signedOff = true;
    (signedOff || QUOTED_LINE.test(line) ? rest : own).push(line);
  }
  // A ticket that is nothing but a quote is about what it quotes.
  if (own.join('').trim() === '') return [{ text: clean, weight: 1 }];
  return [
    { text: own.join('\n'), weight: 1 },
    { text: rest.join('\n'), weight: BOILERPLATE_WEIGHT },
  ];
}

const WORD = /[\p{L}\p{N}\p{M}_]+/gu;
/** Scripts written without spaces between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Unbroken runs of letters and digits in order, in lower case, accents kept. */
export function runs(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/** A run is one word, or its single signs in a script without spaces: pairs of words join them again. */
export function wordsOfRun(run: string): string[] {
  return UNSPACED.test(run) ? [...run] : [run];
}

export function words(text: string): string[] {
  return runs(text).flatMap(wordsOfRun);
}

/** The word without accents and compatibility forms: `zurückgesetzt` -> `zuruckgesetzt`. */
export function foldWord(word: string): string {
  if (/^[ -~]*$/u.test(word)) return word;
  return word.normalize('NFKD').replace(/\p{M}/gu, '');
}
