import type { Action, ActionContext, ActionResult, ModelAnswer } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';
import { checkOutput, requireCheckable } from './check-output.ts';
import { errorOfResponse } from './errors.ts';
import { minimise } from './minimise.ts';
import type { Minimised } from './minimise.ts';
import { isChangedModel } from './observed-model.ts';
import type { Ending, Provider, ProviderAnswer } from './provider.ts';
import { inputText, readQuestion } from './question.ts';
import type { Question } from './question.ts';
import { objectOf } from './read-body.ts';
import { inModelSpan } from './telemetry.ts';
import { estimateUsage, usageOf } from './usage.ts';

/**
 * `generate` of a hosted model: one request, and what came of it. Nothing is tried again here: a second request is a second cost, so it is
 * the engine's to make and to record. Messages hold neither the prompt nor what the model wrote.
 */
export function generateWith(provider: Provider): Action {
  return {
    estimate: estimateUsage,
    async execute(context, parameters) {
      const question = readQuestion(parameters);
      if (question.outputSchema !== null) requireCheckable(question.outputSchema);
      const minimised = minimise(question.input, question.minimise);
      const asking = { provider: provider.telemetryName, modelId: question.modelId, server: context.instance.baseUrl, wantsJson: question.strict !== null, maxOutputTokens: question.maxOutputTokens };
      return inModelSpan(asking, () => ask(context, provider, question, minimised));
    },
  };
}

async function ask(context: ActionContext, provider: Provider, question: Question, minimised: Minimised): Promise<ActionResult> {
  const { instance } = context;
  const response = await context.egress.request(provider.request(question, inputText(minimised.value), instance));
  if (response.status !== 200) throw errorOfResponse(response, provider, context.now());
  const answer = provider.read(objectOf(response.json(), 'the body'), instance);
  const model = modelAnswer(question, answer, {
    request_id: provider.requestId(response), minimised: minimised.counts, model_changed: isChangedModel(provider.expectedModel(question, instance), answer.observed),
  });
  const usage = usageOf(question.use, answer.tokens);
  const unusable = (code: ConnectorErrorCode, why: string, retryable = false): ConnectorError =>
    new ConnectorError({ code, effect: 'none', retryable, status: response.status, message: `${provider.title}: ${why}`, usage, model });
  if (answer.ending !== 'complete') throw unusable(ENDINGS[answer.ending].code, ENDINGS[answer.ending].why, ENDINGS[answer.ending].retryable);
  if (model.model_changed === true && instance.settings['refuse_changed_model'] === true) {
    throw unusable('model_invalid', `asked for ${question.modelId}, and ${model.observed} answered; the setting refuse_changed_model of ${instance.name} does not take its answers.`);
  }
  const checked = checkOutput(answer.text, question.outputSchema, minimised.restore);
  if ('problem' in checked) throw unusable('model_answer_invalid', `the model's answer does not fit output_schema: ${checked.problem}.`, true);
  return { output: checked.output, usage, model };
}

const ENDINGS: Readonly<Record<Exclude<Ending, 'complete'>, { readonly code: ConnectorErrorCode; readonly why: string; readonly retryable: boolean }>> = {
  refused: { code: 'model_refused', retryable: false, why: 'the model refused to answer.' },
  content_filtered: { code: 'model_content_filtered', retryable: false, why: "the provider's content filter withheld the answer." },
  truncated: { code: 'model_truncated', retryable: false, why: 'the answer ended at max_output_tokens; raise it, or ask for less.' },
  context_window_exceeded: { code: 'model_truncated', retryable: false, why: "the answer ended at the model's context window; shorten prompt and input." },
  unfinished: { code: 'response_invalid', retryable: true, why: 'the answer was not finished.' },
};

function modelAnswer({ modelId }: Question, answer: ProviderAnswer, facts: Pick<ModelAnswer, 'request_id' | 'minimised' | 'model_changed'>): ModelAnswer {
  return { requested: modelId, observed: answer.observed, response_id: answer.responseId, finish_reasons: answer.finishReasons, usage: answer.tokens, ...facts };
}
