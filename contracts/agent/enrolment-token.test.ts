import { describe, expect, it } from 'vitest';
import { readEnrolmentToken, writeEnrolmentToken } from './enrolment-token.ts';

const TOKEN = {
  url: 'https://cell.example:7443', ca_sha256: 'a'.repeat(64), tenant_id: `ten_0${'1'.repeat(25)}`, id: `aet_0${'2'.repeat(25)}`, secret: 'S'.repeat(42) + 'A',
};

describe('an enrolment token', () => {
  it('is read as it was written, with the white space that a clipboard adds', () => {
    expect(readEnrolmentToken(`\n ${writeEnrolmentToken(TOKEN)} \n`)).toEqual(TOKEN);
  });

  it('has one spelling: no character of it can be left out, changed to nothing or added unseen', () => {
    const text = writeEnrolmentToken(TOKEN);
    for (let at = 0; at < text.length; at += 1) {
      expect(readEnrolmentToken(text.slice(0, at) + text.slice(at + 1)), `without character ${at}`).not.toEqual(TOKEN);
      expect(readEnrolmentToken(`${text.slice(0, at)}!${text.slice(at)}`), `with one more at ${at}`).toBeNull();
    }
  });

  it.each([
    ['of another version', { ...TOKEN, v: 2 }],
    ['with more in it', { ...TOKEN, v: 1, also: 'this' }],
    ['without the authority to pin', { ...TOKEN, v: 1, ca_sha256: undefined }],
    ['to somewhere without TLS', { ...TOKEN, v: 1, url: 'http://cell.example' }],
    ['with a path to be appended to', { ...TOKEN, v: 1, url: 'https://cell.example/x' }],
  ])('%s is none', (_, value) => {
    const sorted = Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    expect(readEnrolmentToken(`cs_enrol_${Buffer.from(JSON.stringify(sorted)).toString('base64url')}`)).toBeNull();
  });
});
