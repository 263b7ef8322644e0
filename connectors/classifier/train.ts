import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClassifierError } from './errors.ts';
import type { LabelledTicket, LabelModel, TrainedModel, TrainingOptions } from './model.ts';
import { MAX_TRAINING_TICKETS } from './model.ts';
import { buildNeighbourIndex, findNeighbours, NEIGHBOURS, rowVector } from './neighbours.ts';
import type { Neighbour } from './neighbours.ts';
import { createRandom, shuffle } from './random.ts';
import type { Similarities } from './similarities.ts';
import { buildSimilarities, paysForSimilarities } from './similarities.ts';
import { trainLabel } from './train-label.ts';
import type { SparseMatrix } from './vectorizer.ts';
import { fitVocabulary, vectorizeAll, wordFeatureCount } from './vectorizer.ts';

/** Weights of all labels together, two bytes each: keeps any model well below 150 MB. */
const MAX_WEIGHTS = 40_000_000;
const MIN_FEATURES = 4_000;
/** Many, so that what calibrates is nearly as large as what is used: scores grow with the tickets learnt from, and
 * calibrating on a much smaller model makes the real one too sure of itself (by 3 % with 3 folds). */
const FOLDS = 10;
const ROWS_PER_TURN = 200;

/**
 * Learns every label from the tickets. Same tickets, labels and seed give the same model. Works on the calling
 * thread, breathing between steps; a server calls `trainInWorker` of train-in-worker.ts instead.
 * @throws ClassifierError classifier_no_tickets, classifier_no_labels, classifier_invalid_seed, classifier_too_many_tickets,
 *   classifier_invalid_ticket, classifier_duplicate_ticket
 */
export async function train(tickets: readonly LabelledTicket[], options: TrainingOptions): Promise<TrainedModel> {
  checkTrainingInput(tickets, options);
  const report = options.onProgress ?? (() => {});
  const valuesOf = new Map(options.labels.map((label) => [label, tickets.map((ticket) => valueOf(ticket, label))]));
  const labels = options.labels.filter((label) => valuesOf.get(label)!.some((value) => value !== undefined));

  report({ phase: 'features', done: 0, total: tickets.length });
  const vocabulary = fitVocabulary(tickets, featureBudget([...valuesOf.values()]));
  await nextTurn();
  const matrix = vectorizeAll(tickets, vocabulary);
  report({ phase: 'features', done: tickets.length, total: tickets.length });
  await nextTurn();

  const neighbours = buildNeighbourIndex(tickets.map((ticket) => ticket.id), matrix, wordFeatureCount(vocabulary));
  const folds = dealFolds(tickets.length, options.seed);
  const neighboursOf: Neighbour[][] = [];
  for (let row = 0; row < matrix.rows; row++) {
    neighboursOf.push(findNeighbours(neighbours, rowVector(matrix, row), NEIGHBOURS, (other) => folds[other] !== folds[row]));
    if (row % ROWS_PER_TURN === 0) {
      report({ phase: 'neighbours', done: row, total: matrix.rows });
      await nextTurn();
    }
  }

  const classes = countClasses([...valuesOf.values()]);
  const similarities = paysForSimilarities(matrix.rows, classes) ? await measureSimilarities(matrix) : undefined;
  const shared = { matrix, similarities, folds, foldCount: FOLDS, neighboursOf, seed: options.seed };
  const models: LabelModel[] = [];
  for (const label of labels) {
    const step = async (done: number, total: number): Promise<void> => {
      report({ phase: 'label', label, done, total });
      await nextTurn();
    };
    models.push(await trainLabel(label, valuesOf.get(label)!, shared, { step }));
  }
  const labelledCount = tickets.filter((_, row) => labels.some((label) => valuesOf.get(label)![row] !== undefined)).length;
  return { seed: options.seed, labelledCount, vocabulary, neighbours, labels: models };
}

/** In steps, so that others run in between: a thousand rows take a few hundred milliseconds. */
async function measureSimilarities(matrix: SparseMatrix): Promise<Similarities> {
  const { similarities, addRow } = buildSimilarities(matrix);
  for (let row = 0; row < matrix.rows; row++) {
    addRow(row);
    if (row % ROWS_PER_TURN === 0) await nextTurn();
  }
  return similarities;
}

function checkTrainingInput(tickets: readonly LabelledTicket[], { labels, seed }: TrainingOptions): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ClassifierError('classifier_invalid_seed', `options.seed must be a whole number from 0 on, not ${seed}.`, { field: 'seed' });
  }
  if (labels.length === 0 || new Set(labels).size !== labels.length) {
    throw new ClassifierError('classifier_no_labels', 'options.labels must name at least one label, each once.', { field: 'labels' });
  }
  if (tickets.length === 0) {
    throw new ClassifierError('classifier_no_tickets', 'There is no ticket to learn from; pass resolved tickets with their labels.', { field: 'tickets' });
  }
  if (tickets.length > MAX_TRAINING_TICKETS) {
    throw new ClassifierError(
      'classifier_too_many_tickets',
      `${tickets.length} tickets are more than the ${MAX_TRAINING_TICKETS} one model learns from; pass the newest ${MAX_TRAINING_TICKETS}.`,
      { field: 'tickets' },
    );
  }
  const seen = new Set<string>();
  tickets.forEach((ticket, at) => {
    checkTicket(ticket, at);
    if (seen.has(ticket.id)) {
      throw new ClassifierError('classifier_duplicate_ticket', `Ticket id ${JSON.stringify(ticket.id)} occurs twice; pass each ticket once.`, { field: `tickets[${at}].id` });
    }
    seen.add(ticket.id);
  });
  if (!tickets.some((ticket) => labels.some((label) => valueOf(ticket, label) !== undefined))) {
    throw new ClassifierError('classifier_no_labels', `No ticket carries any of the labels ${labels.join(', ')}; pass tickets with at least one.`, { field: 'labels' });
  }
}

function checkTicket(ticket: LabelledTicket, at: number): void {
  for (const field of ['id', 'short_description', 'description'] as const) {
    if (typeof ticket[field] !== 'string' || (field === 'id' && ticket.id === '')) {
      throw new ClassifierError('classifier_invalid_ticket', `tickets[${at}].${field} must be a string${field === 'id' ? ' that is not empty' : ''}.`, { field: `tickets[${at}].${field}` });
    }
  }
}

/** A blank value is no value: ServiceNow answers "" for a field nobody filled in. */
function valueOf(ticket: LabelledTicket, label: string): string | undefined {
  const value = Object.hasOwn(ticket.labels, label) ? ticket.labels[label] : undefined;
  return value === undefined || value.trim() === '' ? undefined : value.toWellFormed();
}

function featureBudget(labelValues: readonly (readonly (string | undefined)[])[]): number {
  return Math.max(MIN_FEATURES, Math.floor(MAX_WEIGHTS / Math.max(countClasses(labelValues), 1)));
}

function countClasses(labelValues: readonly (readonly (string | undefined)[])[]): number {
  return labelValues.reduce((sum, values) => sum + new Set(values).size, 0);
}

/** Equal parts at random; the same row falls into the same fold for every label. */
function dealFolds(rows: number, seed: number): Uint8Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  shuffle(order, rows, createRandom(seed ^ 0x5eed));
  const folds = new Uint8Array(rows);
  order.forEach((row, place) => (folds[row] = place % FOLDS));
  return folds;
}
