const RULES = new Intl.PluralRules('en');

/** `1 person`, `12 people`, `1,200 events`: a number with its noun, whose plural has an `s` unless it is given. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${nounOf(count, one, many)}`;
}

/** The noun alone, where the number stands elsewhere: `session ends`, `sessions end`. */
export function nounOf(count: number, one: string, many = `${one}s`): string {
  return RULES.select(count) === 'one' ? one : many;
}
