import type { LabelledTicket } from '../model.ts';
import { createRandom } from '../random.ts';

/**
 * Made-up tickets with a known ceiling, for tests: each group has words of its own in three scripts, the groups
 * follow a long tail, most words of a ticket say nothing, and one ticket in twenty carries another group's label. Whoever reads
 * the words perfectly is right about 95 % of the time; whoever names the largest group, about 32 %.
 */
export const GROUPS = 12;
const OWN_WORDS = 12;
const LABEL_NOISE = 0.05;

const SYLLABLES: readonly (readonly string[])[] = [
  ['ka', 'lo', 'mi', 'ster', 'vü', 'né', 'dor', 'pas', 'ti', 'gru'],
  ['ка', 'ло', 'ми', 'сте', 'ву', 'не', 'дор', 'пас', 'ти', 'гру'],
  ['網', '路', '印', '表', '機', '密', '碼', '郵', '件', '帳'],
];

export interface CorpusOptions {
  readonly count: number;
  readonly seed: number;
  /** Share of tickets that carry no `category`. */
  readonly missing?: number;
}

/** Tickets with the labels `assignment_group` (12 values), `category` (3 values, a function of the group) and, on each, an id. */
export function makeTickets({ count, seed, missing = 0 }: CorpusOptions): LabelledTicket[] {
  const words = makeVocabulary();
  const random = createRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const pickGroup = (): number => Math.min(GROUPS - 1, Math.floor(GROUPS * random() ** 2.2));
  return Array.from({ length: count }, (_, number) => {
    const group = pickGroup();
    const script = Math.floor(random() * SYLLABLES.length);
    const sentence = (length: number, own: number): string =>
      Array.from({ length }, () => (random() < own ? pick(words.own[group]![script]!) : pick(words.common[script]!))).join(script === 2 ? '' : ' ');
    const labelled = random() < LABEL_NOISE ? pickGroup() : group;
    return {
      id: `${seed}-${number}`,
      short_description: sentence(4, 0.5),
      description: `${sentence(12, 0.3)}. ${sentence(10, 0.3)}.\n${sentence(6, 0)}`,
      labels: { assignment_group: `group ${labelled}`, ...(random() < missing ? {} : { category: `category ${labelled % 3}` }) },
    };
  });
}

/** The same words for every seed: the seed of a corpus draws tickets, not a language. */
function makeVocabulary(): { own: string[][][]; common: string[][] } {
  const random = createRandom(7);
  const word = (syllables: readonly string[]): string => Array.from({ length: 3 }, () => syllables[Math.floor(random() * syllables.length)]!).join('');
  const list = (script: readonly string[], length: number): string[] => Array.from({ length }, () => word(script));
  return {
    own: Array.from({ length: GROUPS }, () => SYLLABLES.map((script) => list(script, OWN_WORDS))),
    common: SYLLABLES.map((script) => list(script, 200)),
  };
}
