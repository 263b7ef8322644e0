import { ClassifierError } from './errors.ts';
import { HELP, parseEvalArguments } from './eval/arguments.ts';
import type { EvalArguments } from './eval/arguments.ts';
import { evaluate } from './eval/evaluate.ts';
import { formatReport } from './eval/report.ts';
import { KNOWN_LABELS, readTickets } from './eval/tickets.ts';
import type { LabelledTicket } from './model.ts';

/** `npm run eval -- triage ...`: measures the classifier on labelled tickets. HELP in eval/arguments.ts is its manual. */
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const parsed = parseEvalArguments(argv);
    if (parsed === undefined) process.stdout.write(HELP);
    else await run(parsed);
    return 0;
  } catch (error) {
    if (!(error instanceof ClassifierError)) throw error;
    say(`${error.code}: ${error.message}`);
    return 2;
  }
}

async function run({ trainFile, testFile, json, seed, labels: wanted }: EvalArguments): Promise<void> {
  const trainTickets = readTickets(trainFile);
  const testTickets = readTickets(testFile);
  const labels = chooseLabels(wanted, trainTickets, trainFile);
  warnOfOverlap(trainTickets, testTickets);
  warnOfUnlearnt(trainTickets, testTickets);
  const report = await evaluate({ trainTickets, testTickets, labels, seed, say });
  for (const [label, { n, unseen_in_training: unseen }] of Object.entries(report.labels)) {
    if (n === 0) say(`Warning: no test ticket carries ${label}; it was not measured.`);
    if (unseen > 0) say(`Warning: ${unseen} of ${n} test tickets have a ${label} that training had not seen; they count as wrong.`);
  }
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : formatReport(report));
}

function chooseLabels(wanted: readonly string[] | undefined, tickets: readonly LabelledTicket[], file: string): string[] {
  const found = labelsOf(tickets);
  if (found.size === 0) {
    throw new ClassifierError('eval_line_invalid', `${file}: no ticket carries a label; add category, assignment_group, priority or another text field to learn.`);
  }
  const missing = (wanted ?? []).filter((label) => !found.has(label));
  if (missing.length > 0) {
    throw new ClassifierError('eval_usage', `--labels names ${missing.join(', ')}, which no ticket of ${file} carries; it has ${[...found].toSorted().join(', ')}.`, { field: 'labels' });
  }
  if (wanted !== undefined) return [...wanted];
  const known = KNOWN_LABELS.filter((label) => found.has(label));
  if (known.length === 0) {
    throw new ClassifierError('eval_line_invalid', `${file}: no ticket carries ${KNOWN_LABELS.join(', ')}; name the labels to learn with --labels, such as ${[...found].toSorted().slice(0, 5).join(', ')}.`);
  }
  return known;
}

/** A ticket in both files is known by heart; the figures would flatter. */
function warnOfOverlap(trainTickets: readonly LabelledTicket[], testTickets: readonly LabelledTicket[]): void {
  const ids = new Set(trainTickets.map(({ id }) => id));
  const texts = new Set(trainTickets.map(textOf));
  const sameId = testTickets.filter(({ id }) => ids.has(id)).length;
  const sameText = testTickets.filter((ticket) => texts.has(textOf(ticket))).length;
  if (sameId > 0) say(`Warning: ${sameId} of ${testTickets.length} test tickets have an id that is also in training; the figures may flatter.`);
  if (sameText > 0) say(`Warning: ${sameText} of ${testTickets.length} test tickets have the very text of a training ticket.`);
}

/** A label that only the test file carries cannot be measured, and silence would look like an omission. */
function warnOfUnlearnt(trainTickets: readonly LabelledTicket[], testTickets: readonly LabelledTicket[]): void {
  const learnt = labelsOf(trainTickets);
  const unlearnt = KNOWN_LABELS.filter((label) => labelsOf(testTickets).has(label) && !learnt.has(label));
  if (unlearnt.length > 0) say(`Warning: no training ticket carries ${unlearnt.join(', ')}; not measured.`);
}

function labelsOf(tickets: readonly LabelledTicket[]): Set<string> {
  return new Set(tickets.flatMap((ticket) => Object.keys(ticket.labels)));
}

function textOf({ short_description, description }: LabelledTicket): string {
  return `${short_description}\u0000${description}`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
