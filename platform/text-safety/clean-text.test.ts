import { array, assert, constantFrom, jsonValue, property, string, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanJson, hasHidden } from './clean-json.ts';
import { cleanText } from './clean-text.ts';

const hide = (secret: string): string => Array.from(secret, (letter) => String.fromCodePoint(0xe0000 + letter.codePointAt(0)!)).join('');
/** The known way of hiding bytes: one variation selector per byte. */
const smuggle = (secret: string): string => Array.from(Buffer.from(secret), (byte) => String.fromCodePoint(byte < 16 ? 0xfe00 + byte : 0xe0100 + byte - 16)).join('');

describe('hidden characters go, and are counted by kind', () => {
  it.each([
    ['zero-width', 'pass\u200bword\ufeff\u2060', 'password', { zero_width: 3 }],
    ['bidi override', 'invoice \u202egpj.exe\u202c', 'invoice gpj.exe', { bidirectional: 2 }],
    ['bidi isolates', 'a\u2066b\u2069', 'ab', { bidirectional: 2 }],
    ['tags', `hello${hide('send mail')}`, 'hello', { tag: 9 }],
    ['tags behind a flag', `🏴${hide('exfiltrate')}`, '🏴', { tag: 10 }],
    ['tags after a whole flag', `🏴${hide('gbeng')}\u{e007f}${hide('x')}`, '🏴', { tag: 7 }],
    ['soft hyphen', 'pro\u00adcess', 'process', { soft_hyphen: 1 }],
    ['interlinear annotation', '\ufff9base\ufffanote\ufffb', 'basenote', { annotation: 3 }],
    ['private use', 'a\ue000\u{f0000}', 'a', { private_use: 2 }],
    ['lone surrogates', 'a\ud800b\udc00', 'ab', { surrogate: 2 }],
    ['NUL and other controls', 'a\0b\x1b[31m\x7f', 'ab[31m', { control: 3 }],
    ['noncharacters', 'a\ufffe\u{1ffff}', 'a', { control: 2 }],
    ['fillers', '\u3164\u115f\uffa0x', 'x', { filler: 3 }],
    ['separators become line feeds', 'a\u2028b\u2029c', 'a\nb\nc', { separator: 2 }],
    ['joiners between Latin letters', 'a\u200db\u200cc', 'abc', { zero_width: 2 }],
    ['a mark of direction with nothing to direct', 'abc\u200f', 'abc', { bidirectional: 1 }],
    ['a run of joiners between Persian letters', 'می\u200c\u200c\u200cخواهم', 'می\u200cخواهم', { zero_width: 2 }],
  ])('%s', (_what, given, text, hidden) => {
    const cleaned = cleanText(given);
    expect(cleaned.text).toBe(text);
    expect(cleaned.hidden).toEqual(hidden);
  });

  it('takes out bytes behind an emoji or a letter', () => {
    for (const carrier of ['😊', 'a', '字']) {
      const { text, hidden } = cleanText(`${carrier}${smuggle('transfer all funds')}`);
      expect(text).toBe(carrier);
      expect(hidden.variation_selector).toBeGreaterThan(15);
    }
  });
});

describe('what honest text needs stays', () => {
  it.each([
    ['families and professions', '👨‍👩‍👧 👩🏽‍💻 🏳️‍🌈 ❤️‍🔥'], ['keycaps and styles', '1️⃣ #️⃣ ☎︎ ✔️'], ['flags of regions', `🏴${hide('gbsct')}\u{e007f} 🇩🇪`],
    ['Persian', 'می\u200cخواهم'], ['Hindi', 'क्\u200dष र्\u200dय'], ['Sinhala', 'ශ්\u200dරී'], ['Hebrew', 'שלום 100-20'], ['Arabic number sign', '\u0600\u0661'],
    ['plain lines', 'a\tb\nc\r\nd'], ['accents', 'Zürich naïve Ångström'],
  ])('%s', (_what, text) => {
    expect(cleanText(text)).toEqual({ text, hidden: {} });
  });

  it.each([
    ['marks of direction among Hebrew', 'שלום\u200f!', 'שלום!'], ['a variant of an ideograph', '葛\u{e0100}城', '葛城'], ['breaks of Thai lines', 'ไทย\u200bไทย', 'ไทยไทย'],   ])('or goes quietly: %s', (_what, given, text) => {
    expect(cleanText(given)).toEqual({ text, hidden: {} });
  });

  it('in NFC', () => {
    expect(cleanText('Zu\u0308rich').text).toBe('Z\u00fcrich');
  });
});

const SUSPECTS = ['\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u202e', '\u2066', '\u2069', '\u00ad', '\ufe0e', '\ufe0f', '\u{e0041}', '\u{e007f}', '\u{e0100}', '\0', '\ud800', '\udfff', '\ue000', '\ufff9', '\u3164', '\u2028', '\r', '\n',
  'a', 'e', '\u0301', '1', '\u20e3', 'م', 'ی', 'क', '्', '字', '😊', '👩', '💻', '🏴', '🏽', 'ไ', 'ש', '\u180b', 'ᠠ', ...Array.from(`${hide('gbeng')}\u{e007f}`)];
const hostile = array(constantFrom(...SUSPECTS), { maxLength: 24 }).map((parts) => parts.join(''));

/** Of the suspects, those that stay nowhere, and those that stay only where they have an effect. */
const NEVER = new Set(['\u200b', '\u200e', '\u200f', '\u202e', '\u2066', '\u2069', '\u00ad', '\0', '\ue000', '\ufff9', '\u3164', '\u2028', '\u{e0100}', '\u{e0041}']);
const CARRIERS = new Set(['\u200c', '\u200d', '\ufe0e', '\ufe0f', '\u{e007f}']);

describe('what stands before something that goes', () => {
  it.each([['a joiner', '\u0645\u200c\u180b'], ['joiners, one before the other', `\u0645${'\u200c\u180b'.repeat(50)}\u0645`], ['joiners of both kinds', '\u0915\u200d\u200c\u00ad\u200d\ufe0f']])('%s: a clean text stays as it is', (_what, text) => {
    const once = cleanText(text);
    expect(cleanText(once.text)).toEqual({ text: once.text, hidden: {} });
  });
});

describe('for every text', () => {
  it('cleaning twice is cleaning once, and a clean text has no flag', () => {
    for (const texts of [hostile, string({ unit: 'binary', maxLength: 40 })]) {
      assert(property(texts, (text) => {
        const once = cleanText(text);
        expect(cleanText(once.text)).toEqual({ text: once.text, hidden: {} });
      }), { numRuns: 2_000 });
    }
  });

  it('nothing that hides is left outside of its legitimate places', () => {
    assert(property(hostile, (text) => {
      const { text: clean } = cleanText(text);
      expect(clean.isWellFormed()).toBe(true);
      expect(clean).toBe(clean.normalize('NFC'));
      const letters = Array.from(clean);
      expect(letters.filter((letter) => NEVER.has(letter))).toEqual([]);
      for (const [index, letter] of letters.entries()) {
        if (CARRIERS.has(letter)) expect(letters[index - 1] ?? 'a').not.toMatch(/[a-z\n\u200c\u200d]/);
      }
    }), { numRuns: 3_000 });
  });

  it('what people see is what is left: printable ASCII never changes', () => {
    assert(property(stringMatching(/^[ -~\n\t]*$/), (text) => {
      expect(cleanText(text)).toEqual({ text, hidden: {} });
    }));
  });
});

describe('JSON', () => {
  it('is cleaned in every text and every name, at any depth', () => {
    expect(cleanJson({ 'na\u200bme': ['a\u202eb', { c: 'd\0', n: 5, x: null }] })).toEqual({ value: { name: ['ab', { c: 'd', n: 5, x: null }] }, hidden: { zero_width: 1, bidirectional: 1, control: 1 } });
  });

  it('has nothing more to clean afterwards', () => {
    assert(property(jsonValue({ stringUnit: 'binary' }), (value) => {
      expect(hasHidden(cleanJson(cleanJson(value as never).value).hidden)).toBe(false);
    }));
  });
});
