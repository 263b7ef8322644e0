import { describe, expect, it } from 'vitest';
import { fitVocabulary } from './vectorizer.ts';
import { SUMMARY_MAX_CHARS, summarise } from './summary.ts';
import { cleanText, foldWord, MAX_FIELD_CHARS, segmentDescription, words } from './text.ts';

describe('text', () => {
  it('drops what cannot be seen, and mark-up, and cuts what is too long', () => {
    expect(cleanText('pass\u00adword\u200b \u0000reset<br/>now')).toBe('password  reset now');
    expect(cleanText('\ud800x')).toBe('\ufffdx');
    expect(cleanText('ab'.repeat(MAX_FIELD_CHARS))).toHaveLength(MAX_FIELD_CHARS);
  });

  it('reads words of any script, accents kept, and folds them on demand', () => {
    expect(words('Passwort zurückgesetzt, Ошибка_500!')).toEqual(['passwort', 'zurückgesetzt', 'ошибка_500']);
    expect(words('網路 down')).toEqual(['網', '路', 'down']);
    expect(foldWord('zurückgesetzt')).toBe('zuruckgesetzt');
    expect(foldWord('ﬁle')).toBe('file');
  });

  it('weighs signatures and quotes down, but not a ticket that is all quote', () => {
    const [own, rest] = segmentDescription('VPN drops hourly\nKind regards,\nA. Person\n> old text');
    expect(own).toEqual({ text: 'VPN drops hourly', weight: 1 });
    expect(rest!.text).toContain('A. Person');
    expect(rest!.weight).toBeLessThan(1);
    expect(segmentDescription('> only\n> quoted')).toEqual([{ text: '> only\n> quoted', weight: 1 }]);
  });
});

describe('summary', () => {
  const vocabulary = fitVocabulary(
    Array.from({ length: 40 }, (_, at) => ({ short_description: '', description: `please help the user ${at % 2 === 0 ? 'invoice ledger' : 'printer'}` })),
    1_000,
  );

  it('takes the ticket\'s own sentences, without greeting and sign-off, in order', () => {
    const summary = summarise(
      { short_description: 'Ledger export fails', description: 'Hello team\nThe invoice ledger export stops at 40 %. It worked on Monday.\nBest regards\nSomebody' },
      vocabulary,
    );
    expect(summary).toBe('Ledger export fails. The invoice ledger export stops at 40 %. It worked on Monday.');
  });

  it('does not say the same thing twice and stays within its bound', () => {
    expect(summarise({ short_description: 'Printer jam', description: 'printer jam' }, vocabulary)).toBe('Printer jam.');
    const long = summarise({ short_description: 'x'.repeat(500), description: '😀'.repeat(400) }, vocabulary);
    expect(long.length).toBeLessThanOrEqual(SUMMARY_MAX_CHARS);
    expect(long.isWellFormed()).toBe(true);
  });
});
