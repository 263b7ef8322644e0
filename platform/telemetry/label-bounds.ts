/** What values beyond the bound are counted as. */
export const OTHER = 'other';

/** The values that the labels of one metric have taken. Each label may take so many; the rest are one. */
export class LabelBounds {
  readonly #max: number;
  readonly #seen: Array<Set<string>>;

  constructor(labels: number, max: number) {
    this.#max = max;
    this.#seen = Array.from({ length: labels }, () => new Set<string>());
  }

  of(values: readonly string[]): string[] {
    return this.#seen.map((seen, i) => {
      const value = values[i] ?? OTHER;
      if (!seen.has(value)) {
        if (seen.size >= this.#max) return OTHER;
        seen.add(value);
      }
      return value;
    });
  }
}
