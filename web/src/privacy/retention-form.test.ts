import { describe, expect, it } from 'vitest';
import { formOf, shortens, wishOf, wrongWith } from './retention-form.ts';

const read = { content_days: 30, operational_days: null, audit_days: 2_555 };

it('what was read comes back as it was', () => expect(wishOf(formOf(read))).toEqual(read));

describe('what is typed', () => {
  it.each([
    [{ content: '30', operational: '', audit: '365' }, null],
    [{ content: '0', operational: '', audit: '' }, null],
    [{ content: '3651', operational: '', audit: '' }, 'Content: write days from 0 to 3650, or nothing.'],
    [{ content: '', operational: '1.5', audit: '' }, 'How runs were carried out: write days from 1 to 3650, or nothing.'],
    [{ content: '', operational: '', audit: '364' }, 'Bodies of audit events: write days from 365 to 36500, or nothing.'],
  ])('%j: %s', (form, wrong) => expect(wrongWith(form)).toBe(wrong));
});

describe('a shorter time', () => {
  it('is one of fewer days, or of days where there was no end', () => {
    expect(shortens(read, { ...read, content_days: 7 })).toBe(true);
    expect(shortens(read, { ...read, operational_days: 90 })).toBe(true);
  });
  it('is not one of more', () => expect(shortens(read, { ...read, content_days: 60, audit_days: null })).toBe(false));
});
