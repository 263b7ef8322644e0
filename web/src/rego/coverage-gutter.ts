import { RangeSet, StateEffect, StateField, type Extension, type Text } from '@codemirror/state';
import { EditorView, gutter, GutterMarker } from '@codemirror/view';

/** First and last line of a stretch, as the compiler reports them. */
type Stretch = readonly number[];

export interface FileCoverage {
  covered: readonly Stretch[];
  not_covered: readonly Stretch[];
}

class CoverageMark extends GutterMarker {
  readonly covered: boolean;

  constructor(covered: boolean) {
    super();
    this.covered = covered;
  }

  override eq(other: GutterMarker): boolean {
    return other instanceof CoverageMark && other.covered === this.covered;
  }

  /** Told apart by form too: a whole bar, a broken one. */
  override toDOM(): Node {
    const mark = document.createElement('span');
    mark.className = this.covered ? 'cm-covered' : 'cm-not-covered';
    mark.title = this.covered ? 'A test evaluates this line' : 'No test evaluates this line';
    return mark;
  }
}

const COVERED = new CoverageMark(true);
const NOT_COVERED = new CoverageMark(false);

const setMarks = StateEffect.define<RangeSet<GutterMarker>>();

const marks = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update(value, transaction) {
    const set = transaction.effects.find((effect) => effect.is(setMarks));
    // Text that was typed since moves the marks with the lines that they were made for.
    return set === undefined ? value.map(transaction.changes) : set.value;
  },
});

/** Which lines the tests evaluate, as a bar beside the line numbers. */
export const coverageGutter: Extension = [
  marks,
  gutter({ class: 'cm-coverage', markers: (view) => view.state.field(marks) }),
  EditorView.baseTheme({
    '.cm-coverage': { width: '5px' },
    '.cm-coverage .cm-gutterElement': { display: 'flex' },
    '.cm-covered': { width: '3px', height: '100%', background: 'var(--cs-ok)' },
    '.cm-not-covered': { width: '3px', height: '100%', background: 'repeating-linear-gradient(var(--cs-bad) 0 3px, transparent 3px 6px)' },
  }),
];

export function showCoverage(view: EditorView, coverage: FileCoverage | null): void {
  view.dispatch({ effects: setMarks.of(marksOf(coverage, view.state.doc)) });
}

function marksOf(coverage: FileCoverage | null, text: Text): RangeSet<GutterMarker> {
  if (coverage === null) return RangeSet.empty;
  const lines = new Map<number, GutterMarker>();
  for (const line of linesOf(coverage.covered)) lines.set(line, COVERED);
  for (const line of linesOf(coverage.not_covered)) lines.set(line, NOT_COVERED);
  const known = [...lines].filter(([line]) => line >= 1 && line <= text.lines).sort(([one], [other]) => one - other);
  return RangeSet.of(known.map(([line, mark]) => mark.range(text.line(line).from)));
}

/** Every line of some stretches, in order. */
export function linesOf(stretches: readonly Stretch[]): number[] {
  return stretches.flatMap(([from = 0, to = from]) => Array.from({ length: Math.max(0, to - from + 1) }, (_, place) => from + place));
}

/** `3, 7-9`: for who cannot see the bars. */
export function stretchesInWords(stretches: readonly Stretch[]): string {
  return stretches.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
