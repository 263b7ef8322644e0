import type { Json } from '../sdk/connector.ts';

export const MINIMISED_KINDS = ['emails', 'phone_numbers', 'ip_addresses', 'secrets'] as const;
export type MinimisedKind = (typeof MINIMISED_KINDS)[number];

export interface Minimised {
  readonly value: Json;
  /** How many replacements there were of each kind that was found. */
  readonly counts: Readonly<Record<string, number>>;
  /** Puts back what placeholders in the answer stand for. */
  restore(answer: Json): Json;
}

/**
 * Replaces what the workflow says in every text of `value` by placeholders, the same for the same text (`[email-1]`), so that the model can
 * still tell one from another. It finds what looks like one: a name in prose is not found. Keys stay as they are.
 */
export function minimise(value: Json, kinds: readonly MinimisedKind[]): Minimised {
  const placeholders = new Map<string, string>();
  const originals = new Map<string, string>();
  const numbers = new Map<MinimisedKind, number>();
  const counts: Record<string, number> = {};
  // A placeholder that stands in the text already means itself, and must not be restored to something else.
  const present = JSON.stringify(value);
  const placeholderFor = (kind: MinimisedKind, found: string): string => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    const known = placeholders.get(`${kind}:${found}`);
    if (known !== undefined) return known;
    let placeholder: string;
    do {
      const number = (numbers.get(kind) ?? 0) + 1;
      numbers.set(kind, number);
      placeholder = `[${NAMES[kind]}-${number}]`;
    } while (present.includes(placeholder));
    placeholders.set(`${kind}:${found}`, placeholder);
    originals.set(placeholder, found);
    return placeholder;
  };
  // Secrets first: they may hold what looks like one of the others.
  const wanted = ORDER.filter((kind) => kinds.includes(kind));
  const replaced = wanted.length === 0 ? value : mapTexts(value, (text) => wanted.reduce((rest, kind) => FINDERS[kind](rest, (found) => placeholderFor(kind, found)), text));
  return {
    value: replaced,
    counts,
    restore: (answer) => (originals.size === 0 ? answer : mapTexts(answer, (text) => text.replace(PLACEHOLDER, (placeholder) => originals.get(placeholder) ?? placeholder))),
  };
}

const NAMES: Readonly<Record<MinimisedKind, string>> = { emails: 'email', phone_numbers: 'phone', ip_addresses: 'ip', secrets: 'secret' };
const ORDER: readonly MinimisedKind[] = ['secrets', 'emails', 'ip_addresses', 'phone_numbers'];
const PLACEHOLDER = /\[(?:email|phone|ip|secret)-\d{1,6}\]/g;

type Finder = (text: string, replace: (found: string) => string) => string;

/**
 * Each looks at a text once: it cuts it into words by one class of characters, which takes linear time, and judges each word by itself,
 * with a bound on how long a word is looked at.
 */
const FINDERS: Readonly<Record<MinimisedKind, Finder>> = {
  emails: (text, replace) => words(text, EMAIL_WORD, (word) => (isEmail(word) ? replace : null)),
  ip_addresses: (text, replace) => words(text, ADDRESS_WORD, (word) => (isAddress(word) ? replace : null)),
  phone_numbers: (text, replace) => words(text, PHONE_WORD, (word) => (isPhoneNumber(word) ? replace : null)),
  secrets: (text, replace) => words(withoutKeyBlocks(text, replace), SECRET_WORD, (word) => (isSecret(word) ? replace : null)),
};

const EMAIL_WORD = /[\p{L}\p{N}._%+@-]+/gu;
const ADDRESS_WORD = /[0-9A-Fa-f.:]+/g;
const PHONE_WORD = /\+?[0-9(][0-9()./ -]*[0-9]/g;
const SECRET_WORD = /[A-Za-z0-9_+/=.~-]+/g;

/** Punctuation at a word's end belongs to the sentence. */
function words(text: string, pattern: RegExp, judge: (word: string) => ((found: string) => string) | null): string {
  return text.replace(pattern, (whole) => {
    const word = trimmed(whole);
    const at = whole.indexOf(word);
    const replace = word === '' ? null : judge(word);
    return replace === null ? whole : whole.slice(0, at) + replace(word) + whole.slice(at + word.length);
  });
}

function trimmed(word: string): string {
  let start = 0;
  let end = word.length;
  while (start < end && '.-/:'.includes(word[start]!) && word.slice(start, start + 2) !== '::') start += 1;
  while (end > start && '.-/:'.includes(word[end - 1]!) && word.slice(end - 2, end) !== '::') end -= 1;
  return word.slice(start, end);
}

function isEmail(word: string): boolean {
  if (word.length > 254) return false;
  const [local = '', domain = '', ...more] = word.split('@');
  return more.length === 0 && local !== '' && /^[^.@]+(?:\.[^.@]+)*\.\p{L}[\p{L}\p{N}-]*$/u.test(domain);
}

function isAddress(word: string): boolean {
  if (word.length > 45) return false;
  const [address = '', port = ''] = word.split(':');
  const isFour = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(address) && address.split('.').every((part) => Number(part) <= 255) && word.split(':').length <= 2 && /^\d{0,5}$/.test(port);
  return isFour || isSix(word);
}

/** RFC 4291, 2.2. A time of day (`12:30:45`) has too few groups and no `::`. */
function isSix(word: string): boolean {
  const halves = word.split('::');
  const groups = word.split(':').filter((group) => group !== '');
  if (halves.length > 2 || !groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length >= 1 && groups.length <= 7 : groups.length === 8;
}

/** Seven to fifteen digits (E.164), with a plus or separators as people write them: a bare row of digits is rather an id of something. */
function isPhoneNumber(word: string): boolean {
  const digits = word.replaceAll(/\D/g, '').length;
  if (digits < 7 || digits > 15 || isDate(word)) return false;
  return word.startsWith('+') || /^\(?0?\d[\d()]*[ ()/.-]/.test(word);
}

/** Dates and times in digits are needed to understand a ticket. */
function isDate(word: string): boolean {
  return /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})(?:\D|$)/.test(word);
}

const KEY_BEGIN = '-----BEGIN ';
const KEY_END = '-----END ';

/** PEM blocks (RFC 7468); one without an end goes on to the end of the text. */
function withoutKeyBlocks(text: string, replace: (found: string) => string): string {
  let rest = text;
  let done = '';
  for (let begin = rest.indexOf(KEY_BEGIN); begin >= 0; begin = rest.indexOf(KEY_BEGIN)) {
    const end = rest.indexOf(KEY_END, begin);
    const stop = end < 0 ? rest.length : closing(rest, end + KEY_END.length);
    done += rest.slice(0, begin) + replace(rest.slice(begin, stop));
    rest = rest.slice(stop);
  }
  return done + rest;
}

function closing(text: string, from: number): number {
  const at = text.indexOf('-----', from);
  return at < 0 ? text.length : at + 5;
}

/** Prefixes that vendors give their keys, and tokens of three parts (RFC 7519). */
const PREFIXES = ['sk-', 'sk_live_', 'rk_live_', 'ghp_', 'gho_', 'ghs_', 'ghu_', 'github_pat_', 'xoxb-', 'xoxp-', 'xoxa-', 'xapp-', 'AKIA', 'ASIA', 'AIza', 'glpat-', 'npm_', 'whsec_'] as const;

function isSecret(word: string): boolean {
  const value = word.slice(word.indexOf('=') + 1);
  if (value.length >= 16 && PREFIXES.some((prefix) => value.startsWith(prefix))) return true;
  if (value.startsWith('eyJ') && value.split('.').length === 3) return true;
  return looksRandom(value);
}

/** A long word of letters of both cases and digits, without a separator that makes it a path or a name. */
function looksRandom(word: string): boolean {
  if (word.length < 32 || word.length > 512 || /[./]{1}[a-z]+[./]/.test(word)) return false;
  const digits = word.replaceAll(/[^0-9]/g, '').length;
  return digits >= 4 && /[a-z]/.test(word) && /[A-Z]/.test(word);
}

function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapTexts(each, change)]));
}
