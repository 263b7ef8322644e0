import type { TicketText, Vocabulary } from './model.ts';
import { hashWord } from './features.ts';
import { cleanText, segmentDescription, words } from './text.ts';

/** Longest summary, in UTF-16 code units. */
export const SUMMARY_MAX_CHARS = 320;
const MAX_SENTENCES = 3;
const MIN_WORDS = 3;

const PLEASANTRY = /^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|sehr geehrte\S*|guten (?:tag|morgen)|bonjour|hola|ol[aá]|thanks?|thank you|many thanks|danke|vielen dank|merci|gracias|obrigad[oa]|regards|best)\b[^.?!]{0,30}$/iu;

interface Sentence {
  readonly text: string;
  readonly place: number;
  readonly score: number;
}

/**
 * An extractive summary: the short description, then the ticket's own sentences that hold its rarest words, in their
 * order. Says nothing that the ticket does not say.
 */
export function summarise(ticket: TicketText, vocabulary: Vocabulary): string {
  const title = tidy(cleanText(ticket.short_description));
  const own = segmentDescription(cleanText(ticket.description))[0]!.text;
  const seen = new Set([keyOf(title)]);
  const sentences: Sentence[] = [];
  for (const text of splitSentences(own)) {
    const key = keyOf(text);
    if (seen.has(key) || PLEASANTRY.test(text)) continue;
    seen.add(key);
    sentences.push({ text, place: sentences.length, score: scoreSentence(text, sentences.length, vocabulary) });
  }
  const chosen = choose(sentences, SUMMARY_MAX_CHARS - title.length - 2);
  const parts = title === '' ? chosen : [/[.!?…。]$/u.test(title) ? title : `${title}.`, ...chosen];
  return cut(parts.join(' '));
}

function tidy(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

function keyOf(text: string): string {
  return words(text).join(' ');
}

function splitSentences(text: string): string[] {
  return text
    .split(/(?<=[.!?。！？])\s+|(?<=[。！？])|\n+/u)
    .map(tidy)
    .filter((sentence) => sentence !== '');
}

/** Mean rarity of the words, a little more for what comes early; very short sentences count less. */
function scoreSentence(text: string, place: number, vocabulary: Vocabulary): number {
  const found = words(text);
  let rarity = 0;
  for (const word of found) {
    const feature = vocabulary.featureOf[hashWord(word)]!;
    if (feature >= 0) rarity += vocabulary.idf[feature]!;
  }
  const mean = rarity / Math.max(found.length, 8);
  return (mean * Math.min(found.length, MIN_WORDS) * (1 + 1 / (1 + place))) / MIN_WORDS;
}

function choose(sentences: readonly Sentence[], budget: number): string[] {
  const picked: Sentence[] = [];
  let left = budget;
  for (const sentence of sentences.toSorted((a, b) => b.score - a.score || a.place - b.place)) {
    if (picked.length === MAX_SENTENCES || left <= 0) break;
    if (sentence.text.length + 1 > left && picked.length > 0) continue;
    picked.push(sentence);
    left -= sentence.text.length + 1;
  }
  return picked.toSorted((a, b) => a.place - b.place).map((sentence) => sentence.text);
}

/** Ends on a word, and never in the middle of a character. */
function cut(text: string): string {
  if (text.length <= SUMMARY_MAX_CHARS) return text;
  const head = text.slice(0, SUMMARY_MAX_CHARS - 1);
  const space = head.lastIndexOf(' ');
  const whole = space > SUMMARY_MAX_CHARS / 2 ? head.slice(0, space) : head.replace(/[\ud800-\udbff]$/u, '');
  return `${whole.trimEnd()}…`;
}
