import { expect, test } from 'vitest';
import { folded, mentions, textIn } from './terms.ts';

const ann = ['Ann Müller', 'ann@example.com'].map(folded);

test.each(['Ann Müller', 'please ask ANN MÜLLER.', 'ann mu\u0308ller', '<ann@example.com>', 'x\nAnn Müller\ny', '(Ann Müller)'])('%j mentions her', (text) => {
  expect(mentions(text, ann)).toBe(true);
});

test.each(['Hannah', 'Ann', 'Ann Müllerson', 'xann@example.com', 'ann@example.com2', '', 'Ann  Müller'])('%j does not', (text) => {
  expect(mentions(text, ann)).toBe(false);
});

test('a term is no pattern, and an empty one is nowhere', () => {
  expect(mentions('a+b', ['a.b'])).toBe(false);
  expect(mentions('anything', [''])).toBe(false);
});

test('what JSON escapes is read as it is meant; what is no JSON is read as it stands', () => {
  expect(mentions(textIn(Buffer.from('{"note":"Ann\\u0020M\\u00fcller"}')), ann)).toBe(true);
  expect(mentions(textIn(Buffer.from('{"Ann Müller":1}')), ann)).toBe(true);
  expect(mentions(textIn(Buffer.from('[[{"a":["Ann Müller"]}]]')), ann)).toBe(true);
  expect(mentions(textIn(Buffer.from('not json: Ann Müller')), ann)).toBe(true);
});
