import type { TicketText } from './model.ts';
import { cleanText, foldWord, runs, segmentDescription, wordsOfRun } from './text.ts';

/**
 * Turns a ticket into counts in a fixed number of buckets (the hashing trick, Weinberger et al. 2009). Three blocks,
 * each with its own range of buckets: words and pairs of the whole ticket, the same of the short description alone
 * (the field a person writes most deliberately), and character 3- to 5-grams inside word boundaries, which carry
 * misspellings, compounds and inflection in any language.
 */
export const WORD_BUCKETS = 2 ** 18;
export const TITLE_BUCKETS = 2 ** 17;
export const CHAR_BUCKETS = 2 ** 20;
export const BUCKETS = WORD_BUCKETS + TITLE_BUCKETS + CHAR_BUCKETS;
/** First bucket of each block, and the end. */
export const BLOCK_STARTS: readonly number[] = [0, WORD_BUCKETS, WORD_BUCKETS + TITLE_BUCKETS, BUCKETS];

const MIN_GRAM = 3;
const MAX_GRAM = 5;
const MAX_WORD_CHARS = 40;

/** Reused between tickets: clearing what was touched is far cheaper than a fresh table. */
export interface CountTable {
  readonly counts: Float32Array;
  readonly touched: number[];
}

export function createCountTable(): CountTable {
  return { counts: new Float32Array(BUCKETS), touched: [] };
}

export function clearCounts(table: CountTable): void {
  for (const bucket of table.touched) table.counts[bucket] = 0;
  table.touched.length = 0;
}

/** Adds the counts of one ticket to an empty table. */
export function countFeatures(ticket: TicketText, table: CountTable): void {
  const title = cleanText(ticket.short_description);
  countSegment(title, 1, true, table);
  for (const segment of segmentDescription(cleanText(ticket.description))) {
    countSegment(segment.text, segment.weight, false, table);
  }
}

function countSegment(text: string, weight: number, isTitle: boolean, table: CountTable): void {
  let previous = '';
  for (const run of runs(text)) {
    const words = wordsOfRun(run);
    for (const word of words) {
      const short = word.length > MAX_WORD_CHARS ? word.slice(0, MAX_WORD_CHARS) : word;
      const folded = foldWord(short);
      const shape = shapeOf(folded);
      countWord(shape, weight, isTitle, table);
      if (shape !== folded) countWord(folded, weight, isTitle, table);
      if (folded !== short) countWord(short, weight, isTitle, table);
      if (previous !== '') countWord(`${previous} ${shape}`, weight, isTitle, table);
      previous = shape;
    }
    // A run of several words is of a script without spaces, where n-grams must reach across the signs.
    countGrams(words.length > 1 ? run : ` ${previous} `, weight, table);
  }
}

function countWord(word: string, weight: number, isTitle: boolean, table: CountTable): void {
  const hash = hashText(word);
  add(table, hash & (WORD_BUCKETS - 1), weight);
  if (isTitle) add(table, WORD_BUCKETS + (hash & (TITLE_BUCKETS - 1)), weight);
}

/** The bucket of a word in the block of the whole ticket. */
export function hashWord(word: string): number {
  return hashText(foldWord(word)) & (WORD_BUCKETS - 1);
}

function countGrams(padded: string, weight: number, table: CountTable): void {
  const base = WORD_BUCKETS + TITLE_BUCKETS;
  if (padded.length < MIN_GRAM) return;
  for (let start = 0; start + MIN_GRAM <= padded.length; start++) {
    let hash = 0x811c9dc5;
    const end = Math.min(padded.length, start + MAX_GRAM);
    for (let at = start; at < end; at++) {
      hash = Math.imul(hash ^ padded.charCodeAt(at), 0x01000193);
      if (at - start + 1 >= MIN_GRAM) add(table, base + (finish(hash) & (CHAR_BUCKETS - 1)), weight);
    }
  }
}

function add(table: CountTable, bucket: number, weight: number): void {
  if (table.counts[bucket] === 0) table.touched.push(bucket);
  table.counts[bucket]! += weight;
}

/** Ticket, job and phone numbers never repeat, their form does: digits of longer numbers become 0. */
function shapeOf(word: string): string {
  return /\d{4}|\d\D+\d|[\p{L}_]\d|\d[\p{L}_]/u.test(word) ? word.replace(/\d/gu, '0') : word;
}

/** FNV-1a over UTF-16 code units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return finish(hash);
}

/** The finaliser of MurmurHash3: FNV's low bits alone are too regular for a table of a power of two. */
function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
