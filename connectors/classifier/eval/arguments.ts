import { parseArgs } from 'node:util';
import { ClassifierError } from '../errors.ts';

export interface EvalArguments {
  readonly trainFile: string;
  readonly testFile: string;
  readonly json: boolean;
  readonly seed: number;
  /** Undefined: the known labels that the training file carries. */
  readonly labels: readonly string[] | undefined;
}

export const HELP = `Usage: npm run eval -- triage --train A.jsonl --test B.jsonl [--json] [--seed N] [--labels a,b]

Trains the built-in classifier on A and measures it on B. One JSON object per line:
  {"id", "short_description", "description", "category"?, "assignment_group"?, "priority"?, "subcategory"?, "impact"?, "urgency"?}
id may also be a number, and one of the texts may be absent or null. Other fields are not looked at unless --labels names them. A label that is absent, null or blank is not learnt from and not measured for that ticket.

  --train FILE    tickets to learn from
  --test FILE     tickets to measure on, none of them in --train
  --json          one JSON object on standard output; progress goes to standard error
  --seed N        seed of everything random, 0 to 4294967295 (default 1)
  --labels a,b    measure these labels (default: those of the six above that --train carries)
  --help          this text

What is measured, per label, over the test tickets that carry it:
  n            how many those are
  classes      distinct values in training
  accuracy     share where the first value is right
  top3         share where one of the first three is right
  macro_f1     F1 per value that occurs in the test file, averaged with equal weight; a value never predicted
               counts 0, and so does one that training had not seen
  ece          expected calibration error: predictions go into 15 bins of equal width by confidence; the mean of
               |accuracy - mean confidence| over the bins, weighted by their size
  threshold    the confidence from which on 95 % are right, set on a tenth of --train that was held out: the lowest
               confidence above which the one-sided 95 % lower bound of the precision (Wilson) is still at least
               95 %; null when no confidence reaches that
  coverage     share at or above the threshold (0 without one)
  precision_at_threshold  share of those that is right, null when there are none
  unseen_in_training      test tickets whose right value training had not seen (they count as wrong)

training_seconds is one training on all of --train; ms_per_ticket is prediction alone.
Exit codes: 0 measured, 2 wrong usage or input, 1 anything else.
`;

const USAGE_HINT = 'See npm run eval -- triage --help.';

/** @returns undefined when help was asked for. @throws ClassifierError eval_usage */
export function parseEvalArguments(argv: readonly string[]): EvalArguments | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  if (positionals.length !== 1 || positionals[0] !== 'triage') {
    throw usage(`The first word must be the evaluation to run, and there is one: triage (got ${positionals.length === 0 ? 'none' : positionals.join(' ')}).`);
  }
  if (values.train === undefined) throw usage('--train FILE is missing.', 'train');
  if (values.test === undefined) throw usage('--test FILE is missing.', 'test');
  return {
    trainFile: values.train,
    testFile: values.test,
    json: values.json ?? false,
    seed: parseSeed(values.seed ?? '1'),
    labels: values.labels === undefined ? undefined : parseLabels(values.labels),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        train: { type: 'string' },
        test: { type: 'string' },
        json: { type: 'boolean' },
        seed: { type: 'string' },
        labels: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/u.test(text) || seed > 0xffffffff) throw usage(`--seed must be a whole number from 0 to 4294967295, not ${text}.`, 'seed');
  return seed;
}

function parseLabels(text: string): string[] {
  const labels = [...new Set(text.split(',').map((label) => label.trim()).filter((label) => label !== ''))];
  if (labels.length === 0) throw usage('--labels must name at least one label.', 'labels');
  return labels;
}

function usage(message: string, field?: string): ClassifierError {
  return new ClassifierError('eval_usage', `${message} ${USAGE_HINT}`, field === undefined ? {} : { field });
}
