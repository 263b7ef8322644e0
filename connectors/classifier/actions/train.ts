import type { Action } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { ClassifierError } from '../errors.ts';
import { LABELS } from '../labels.ts';
import type { LabelName } from '../labels.ts';
import type { LabelledTicket, TrainedModel } from '../model.ts';
import { serialise } from '../serialise.ts';
import { trainInWorker } from '../train-in-worker.ts';
import { resolvedTickets } from './resolved-tickets.ts';
import { sourceInstance } from './source-instance.ts';

const DEFAULT_LIMIT = 10_000;
/** The same tickets give the same model, byte for byte. */
const SEED = 1;

/** `train`: a new model of one instance, from its own finished tickets. The newest model is the one that `generate` asks. */
export const train: Action = {
  // The time-out of the manifest, spent on nothing but learning.
  estimate: () => [{ meter: 'classifier.cpu', quantity: 600, unit: 's' }],

  async execute(context, parameters) {
    const source = await sourceInstance(context, parameters);
    const { tickets, labels } = await resolvedTickets(context, source, {
      labels: (parameters['labels'] ?? LABELS) as readonly LabelName[], limit: typeof parameters['limit'] === 'number' ? parameters['limit'] : DEFAULT_LIMIT, approved: (parameters['approved'] ?? []) as readonly string[],
    });
    const started = performance.now();
    const trained = await learn(tickets, labels, context.signal);
    const training_seconds = Math.round(performance.now() - started) / 1_000;
    const metrics = Object.fromEntries(trained.labels.map(({ label, classes, labelledCount }) => [label, { labelled_count: labelledCount, values: classes.length }]));
    const saved = await context.models.save(source.id, { bytes: serialise(trained), labelled_count: trained.labelledCount, metrics });
    return {
      output: { model_id: saved.id, version: saved.version, digest: saved.digest, labelled_count: trained.labelledCount, metrics, training_seconds },
      usage: [{ meter: 'classifier.cpu', quantity: training_seconds, unit: 's' }],
    };
  },
};

async function learn(tickets: readonly LabelledTicket[], labels: readonly string[], signal: AbortSignal): Promise<TrainedModel> {
  try {
    return await trainInWorker(tickets, { labels, seed: SEED, signal });
  } catch (cause) {
    if (signal.aborted) throw new ConnectorError({ code: 'call_aborted', effect: 'none', retryable: true, message: 'Training was stopped by its time limit or because the worker ends.', cause });
    if (!(cause instanceof ClassifierError)) throw cause;
    // A new instance has no finished tickets yet; later it will.
    const tooFew = cause.code === 'classifier_no_tickets' || cause.code === 'classifier_no_labels';
    throw new ConnectorError({ code: tooFew ? 'model_not_trained' : 'model_invalid', effect: 'none', retryable: tooFew, ...(tooFew ? { retryAfterMs: 60_000 } : {}), message: cause.message, cause });
  }
}
