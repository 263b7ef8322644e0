import type { Judged } from './metrics.ts';
import { accuracy, expectedCalibrationError, macroF1, outcomeOf, top3 } from './metrics.ts';

export interface LabelReport {
  readonly n: number;
  readonly classes: number;
  readonly accuracy: number | null;
  readonly macro_f1: number | null;
  readonly top3: number | null;
  readonly ece: number | null;
  readonly threshold: number | null;
  readonly coverage: number;
  readonly precision_at_threshold: number | null;
  readonly unseen_in_training: number;
}

export interface EvalReport {
  readonly labels: Readonly<Record<string, LabelReport>>;
  readonly train_count: number;
  readonly test_count: number;
  readonly labelled_count: number;
  readonly training_seconds: number;
  readonly ms_per_ticket: { readonly p50: number; readonly mean: number };
  readonly model_bytes: number;
  readonly seed: number;
}

/** Measures one label. `n` may be 0, then there is nothing to say but how many classes training had. */
export function reportLabel(judged: readonly Judged[], classes: readonly string[], threshold: number | undefined): LabelReport {
  const known = new Set(classes);
  const outcomes = judged.map(outcomeOf);
  const covered = threshold === undefined ? [] : outcomes.filter(({ confidence }) => confidence >= threshold);
  const orNull = (value: number): number | null => (judged.length === 0 ? null : value);
  return {
    n: judged.length,
    classes: classes.length,
    accuracy: orNull(accuracy(judged)),
    macro_f1: orNull(macroF1(judged)),
    top3: orNull(top3(judged)),
    ece: orNull(expectedCalibrationError(outcomes)),
    threshold: threshold ?? null,
    coverage: judged.length === 0 ? 0 : covered.length / judged.length,
    precision_at_threshold: covered.length === 0 ? null : covered.filter(({ right }) => right).length / covered.length,
    unseen_in_training: judged.filter(({ truth }) => !known.has(truth)).length,
  };
}

const COLUMNS = ['n', 'classes', 'accuracy', 'macro_f1', 'top3', 'ece', 'threshold', 'coverage', 'precision_at_threshold', 'unseen_in_training'] as const;
const COUNTS: ReadonlySet<string> = new Set(['n', 'classes', 'unseen_in_training']);

/** The report as a table for people. */
export function formatReport(report: EvalReport): string {
  const rows = [['label', ...COLUMNS], ...Object.entries(report.labels).map(([label, figures]) => [label, ...COLUMNS.map((column) => formatFigure(figures[column], COUNTS.has(column)))])];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '));
  return [
    ...table,
    '',
    `trained on ${report.train_count} tickets (${report.labelled_count} labelled) in ${report.training_seconds.toFixed(1)} s, model ${(report.model_bytes / 1e6).toFixed(1)} MB, seed ${report.seed}`,
    `tested on ${report.test_count} tickets, ${report.ms_per_ticket.p50.toFixed(3)} ms each (p50), ${report.ms_per_ticket.mean.toFixed(3)} ms (mean)`,
    '',
  ].join('\n');
}

function formatFigure(figure: number | null, isCount: boolean): string {
  if (figure === null) return '-';
  return isCount ? String(figure) : figure.toFixed(4);
}
