/** The words of one ticket: a cause told by somebody in a hurry, in a language, at some length. */
import type { Cause, Language, Phrasing } from './cause.ts';
import type { Random } from './random.ts';
import { ASIDES, CLOSINGS, GREETINGS, QUOTED_THREADS, SIGNATURES, VAGUE_SUBJECTS } from './shared-phrases.ts';
import { typeCarelessly } from './text-noise.ts';
import { fillSlots } from './vocabulary.ts';

export interface WrittenTicket {
  short_description: string;
  description: string;
}

const VAGUE = 0.17;
const FOREIGN = 0.16;
const EMPTY_BODY = 0.22;
const LONG_BODY = 0.3;

export function writeTicket(random: Random, cause: Cause): WrittenTicket {
  const [language, phrasing] = phrasingOf(random, cause);
  const carelessness = random.next();
  const isVague = language === 'en' && random.chance(VAGUE);
  const subject = random.pick(isVague ? VAGUE_SUBJECTS[cause.symptom] : phrasing.subjects);
  const type = (text: string): string => typeCarelessly(random, fillSlots(random, text, language), carelessness);
  return {
    short_description: prefixed(random, type(subject)).slice(0, 160),
    description: random.chance(EMPTY_BODY) ? '' : body(random, language, phrasing, isVague, type),
  };
}

function phrasingOf(random: Random, cause: Cause): [Language, Phrasing] {
  const foreign = (['de', 'es', 'fr'] as const).flatMap((language) => (cause[language] === undefined ? [] : [[language, cause[language]] as [Language, Phrasing]]));
  return foreign.length > 0 && random.chance(FOREIGN) ? random.pick(foreign) : ['en', cause.en];
}

/** Mail gateways leave their marks on subjects. */
function prefixed(random: Random, subject: string): string {
  if (random.chance(0.05)) return `FW: ${subject}`;
  if (random.chance(0.04)) return `RE: ${subject}`;
  if (random.chance(0.03)) return `[EXTERNAL] ${subject}`;
  return random.chance(0.04) ? `${subject}!!!` : subject;
}

function body(random: Random, language: Language, phrasing: Phrasing, isVague: boolean, type: (text: string) => string): string {
  const isLong = random.chance(LONG_BODY);
  const sentences: string[] = [];
  // A vague ticket says what it is about somewhere in its text, most of the time.
  if (isVague ? random.chance(0.6) : random.chance(0.35)) sentences.push(type(random.pick(phrasing.subjects)));
  sentences.push(type(random.pick(phrasing.details)));
  if (isLong && phrasing.details.length > 1) sentences.push(type(random.pick(phrasing.details)));
  if (language === 'en' && random.chance(isLong ? 0.9 : 0.4)) sentences.push(type(random.pick(ASIDES)));
  const parts = [[...new Set(sentences)].map((sentence) => (/[.!?]$/.test(sentence) || random.chance(0.3) ? sentence : `${sentence}.`)).join(random.chance(0.7) ? ' ' : '\n')];
  if (isLong || random.chance(0.3)) parts.unshift(random.pick(GREETINGS[language]));
  if (isLong || random.chance(0.3)) parts.push(random.pick(CLOSINGS[language]));
  if (isLong && random.chance(0.6)) parts.push(fillSlots(random, random.pick(SIGNATURES)));
  if (isLong && random.chance(0.5)) parts.push(fillSlots(random, random.pick(QUOTED_THREADS)));
  return parts.join('\n\n');
}
