import type { LabelledTicket, Prediction, TrainedModel } from '../model.ts';
import { predict } from '../predict.ts';
import { createRandom, shuffle } from '../random.ts';
import { serialise } from '../serialise.ts';
import { train } from '../train.ts';
import type { Judged } from './metrics.ts';
import { outcomeOf } from './metrics.ts';
import type { EvalReport } from './report.ts';
import { reportLabel } from './report.ts';
import { chooseThreshold } from './threshold.ts';

export interface EvaluationInput {
  readonly trainTickets: readonly LabelledTicket[];
  readonly testTickets: readonly LabelledTicket[];
  readonly labels: readonly string[];
  readonly seed: number;
  /** Told in words what is going on. */
  readonly say: (text: string) => void;
}

/**
 * Two trainings: one without a tenth of the tickets, to set each label's threshold on that tenth, and one on all of
 * them, which is what is measured and timed.
 */
export async function evaluate(input: EvaluationInput): Promise<EvalReport> {
  const { trainTickets, testTickets, labels, seed, say } = input;
  const thresholds = await setThresholds(input);
  say(`Training on all ${trainTickets.length} tickets ...`);
  const started = performance.now();
  const model = await train(trainTickets, { labels, seed });
  const trainingSeconds = (performance.now() - started) / 1_000;
  say(`Predicting ${testTickets.length} tickets ...`);
  const { predictions, timesMs } = predictAll(model, testTickets);
  return {
    labels: Object.fromEntries(
      labels.map((label) => [
        label,
        reportLabel(
          judge(testTickets, predictions, label),
          model.labels.find((candidate) => candidate.label === label)?.classes ?? [],
          thresholds.get(label),
        ),
      ]),
    ),
    train_count: trainTickets.length,
    test_count: testTickets.length,
    labelled_count: model.labelledCount,
    training_seconds: trainingSeconds,
    ms_per_ticket: { p50: median(timesMs), mean: timesMs.reduce((sum, time) => sum + time, 0) / timesMs.length },
    model_bytes: serialise(model).length,
    seed,
  };
}

async function setThresholds({ trainTickets, labels, seed, say }: EvaluationInput): Promise<Map<string, number | undefined>> {
  const { kept, heldOut } = holdOutTenth(trainTickets, seed);
  const learnable = labels.filter((label) => kept.some((ticket) => ticket.labels[label] !== undefined));
  if (heldOut.length === 0 || learnable.length === 0) return new Map();
  say(`Training on ${kept.length} tickets, to set the thresholds on the other ${heldOut.length} ...`);
  const model = await train(kept, { labels: learnable, seed });
  const predictions = heldOut.map((ticket) => predict(model, ticket));
  return new Map(learnable.map((label) => [label, chooseThreshold(judge(heldOut, predictions, label).map(outcomeOf))]));
}

function holdOutTenth(tickets: readonly LabelledTicket[], seed: number): { kept: LabelledTicket[]; heldOut: LabelledTicket[] } {
  const order = Int32Array.from(tickets.keys());
  shuffle(order, order.length, createRandom(seed ^ 0x7e47));
  const held = new Set(order.subarray(0, Math.floor(tickets.length / 10)));
  return { kept: tickets.filter((_, at) => !held.has(at)), heldOut: tickets.filter((_, at) => held.has(at)) };
}

function judge(tickets: readonly LabelledTicket[], predictions: readonly Prediction[], label: string): Judged[] {
  return tickets.flatMap((ticket, at) => {
    const truth = ticket.labels[label];
    const said = predictions[at]!.labels[label];
    return truth === undefined || said === undefined ? [] : [{ said, truth }];
  });
}

function predictAll(model: TrainedModel, tickets: readonly LabelledTicket[]): { predictions: Prediction[]; timesMs: number[] } {
  const timesMs: number[] = [];
  const predictions = tickets.map((ticket) => {
    const started = performance.now();
    const prediction = predict(model, ticket);
    timesMs.push(performance.now() - started);
    return prediction;
  });
  return { predictions, timesMs };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
