export const MINIMISED_KINDS = ['emails', 'phone_numbers', 'ip_addresses', 'secrets'] as const;
export type MinimisedKind = (typeof MINIMISED_KINDS)[number];

type Finder = (text: string, replace: (found: string) => string) => string;

/**
 * Each looks at a text once: it cuts it into words by one class of characters, which takes linear time, and judges each word by itself,
 * with a bound on how long a word is looked at.
 */
export const FINDERS: Readonly<Record<MinimisedKind, Finder>> = {
  emails: (text, replace) => words(text, EMAIL_WORD, (word) => (isEmail(word) ? replace : null)),
  ip_addresses: (text, replace) => words(text, ADDRESS_WORD, (word) => (isAddress(word) ? replace : null)),
  phone_numbers: (text, replace) => words(text, PHONE_WORD, (word) => (isPhoneNumber(word) ? replace : null)),
  secrets: (text, replace) => words(withoutAssigned(withoutKeyBlocks(text, replace), replace), SECRET_WORD, (word) => (isSecret(word) ? replace : null)),
};

const EMAIL_WORD = /[\p{L}\p{N}._%+@-]+/gu;
const ADDRESS_WORD = /[0-9A-Fa-f.:]+/g;
const PHONE_WORD = /[+0-9(][0-9()./ -]*/g;
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
  while (start < end && '.-/: )'.includes(word[start]!) && word.slice(start, start + 2) !== '::') start += 1;
  while (end > start && '.-/: (+'.includes(word[end - 1]!) && word.slice(end - 2, end) !== '::') end -= 1;
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

/** What people call a secret, how they say what it is (1), and the secret (2). Every repetition is bounded, so this is linear. */
const ASSIGNED = /(?<![\p{L}\p{N}])(?:password|passwd|pwd|passphrase|passwort|kennwort|mot de passe|contraseña|secret|token|api[ _-]?key|access[ _-]?key)["']?[ \t]{0,3}([:=]|(?:is|ist|lautet|est)(?=[ \t]))[ \t]{0,3}["']?([^\s"',;]{3,256})/giu;

/** `password: hunter2`, `api_key="..."`, `the password is Winter#2025`. */
function withoutAssigned(text: string, replace: (found: string) => string): string {
  return text.replace(ASSIGNED, (whole, said: string, value: string) => {
    const secret = trimmed(value);
    // Said in a sentence it is one only when it looks like one: "the password is wrong".
    const isOne = secret !== '' && !/^\[secret-\d+\]$/.test(secret) && (said === ':' || said === '=' || (secret.length >= 6 && /[\d#$%&*@?^_+]/.test(secret)));
    return isOne ? `${whole.slice(0, whole.length - value.length)}${value.replace(secret, () => replace(secret))}` : whole;
  });
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
