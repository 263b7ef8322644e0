import { describe, expect, it } from 'vitest';
import type { CallRequest, CallResult, Gateway, RoutedFrom } from '@countersign/connectors/gateway/ports.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import { evaluateWithLabels } from '@countersign/platform/expressions/labels.ts';
import type { RunFacts } from '../dispatch/repository-runs.ts';
import { TRIAGE, step } from '../testing/plant.ts';
import { askModels } from './ask-models.ts';
import { modelsOf, resolveModelCall } from './resolve-call.ts';

const facts: RunFacts = {
  tenant: { id: 'ten', slug: 't' }, workspace: { id: 'wsp', slug: 'w' }, environment: { id: 'env', name: 'prod' },
  run: { id: 'run_1', workflow: 'triage', workflowVersion: 1, workflowDigest: 'sha256:0' },
  definition: { ...TRIAGE, models: { triage: { use: 'alpha/large', fallback: ['beta/large', 'local/small'] } } },
  pins: { models: { triage: { use: 'alpha/large', fallback: ['beta/large'] } }, trigger: { connector: 'ledger', instance_id: 'ins', instance_name: 'books' } },
  engineVersion: 1, triggerKind: 'webhook', triggerContentId: null, subject: null,
};
const generate = step({ id: 'guess', uses: 'model/generate', instance: 'ours' });
const labelled = (given: object) => evaluateWithLabels(given, { trigger: { note: 'typed' }, steps: {}, run: {} }, () => ['ticket_text']);
const PARAMETERS = labelled({ model: 'triage', prompt: 'Sort it', input: '${{ trigger.note }}' });

const manifest = (name: string, takes: readonly string[]): ConnectorManifest => ({
  name, actions: { generate: { parameters: { type: 'object', properties: Object.fromEntries(takes.map((one) => [one, {}])) } } },
} as unknown as ConnectorManifest);

const succeeded: CallResult = { kind: 'succeeded', callId: 'call_1', output: { category: 'x' }, outputLabels: ['model_output'], receipt: null };
const failed = (code: string, retryable = true): CallResult => ({ kind: 'failed', error: { code, message: code, retryable } });
const FROM: RoutedFrom = { target: 'alpha/large', decisionId: 'dec_1', obligations: { redactions: ['/input'] } };
const routed = (target: string): CallResult => ({ kind: 'routed', target, from: FROM });
const DENIED: CallResult = { kind: 'denied', decisionId: 'dec_2', reasons: [] };

/** What each model answers, in order, and what was asked of whom. */
async function asked(answers: Readonly<Record<string, CallResult>>): Promise<{ result: CallResult; calls: string[]; requests: CallRequest[] }> {
  const requests: CallRequest[] = [];
  const gateway: Gateway = {
    call: (request) => {
      requests.push(request);
      return Promise.resolve(answers[String(request.parameters['model'])] ?? DENIED);
    },
    manifests: () => [manifest('alpha', ['model', 'prompt', 'input', 'source']), manifest('beta', ['model', 'prompt', 'input']), manifest('local', ['model', 'input', 'source'])],
  };
  const identity = (callKey: string) => ({ ...facts, run: facts.run, step: { id: 'stp', key: 'guess', attempt: 1, fence: '1' }, callKey });
  const result = await askModels(generate, facts, PARAMETERS, { gateway, signal: new AbortController().signal, identity });
  return { result, requests, calls: requests.map((request) => `${request.identity.callKey} ${String(request.parameters['model'])}`) };
}

describe('the call to a model', () => {
  it('is one of its connector, pinned, told which instance the run came from, and given what that connector takes', () => {
    const call = resolveModelCall(generate, facts, PARAMETERS, 'alpha/large', { takes: ['model', 'prompt', 'input', 'source'], routed: false });
    expect(call).toMatchObject({
      action: 'alpha/generate', instanceName: 'ours', model: { use: 'alpha/large', pinned: true },
      parameters: { model: 'alpha/large', prompt: 'Sort it', source: 'ledger/books', input: 'typed' },
    });
    expect(call.labels).toEqual({ '/model': ['configuration'], '/prompt': ['configuration'], '/source': ['configuration'], '/input': ['ticket_text'] });
    expect(resolveModelCall(generate, facts, PARAMETERS, 'local/small', { takes: ['model', 'input'], routed: false })).toMatchObject({ instanceName: null, parameters: { model: 'local/small', input: 'typed' } });
  });

  it('keeps a source that the step names, with its own labels', () => {
    const given = labelled({ model: 'triage', input: 'x', source: '${{ trigger.note }}' });
    expect(resolveModelCall(generate, facts, given, 'alpha/large', { takes: null, routed: false })).toMatchObject({ parameters: { source: 'typed' }, labels: { '/source': ['ticket_text'] } });
  });

  it('is pinned when the run was planned with it, or signed policy named it', () => {
    const pinned = (use: string, viaPolicy = false): boolean | undefined => resolveModelCall(generate, facts, PARAMETERS, use, { takes: null, routed: viaPolicy }).model?.pinned;
    expect([pinned('alpha/large'), pinned('beta/large'), pinned('local/small'), pinned('local/small', true)]).toEqual([true, true, false, true]);
    // A name that stands for whatever is newest is pinned by nobody.
    expect(pinned('alpha/large-latest', true)).toBe(false);
  });

  it.each(['other', 'toString'])('to %s, which the workflow does not define, is refused', (name) => {
    expect(() => modelsOf(generate, facts, labelled({ model: name }))).toThrow(name);
  });
});

describe('which model answers', () => {
  it('the one that the workflow names, when it does', async () => {
    expect(await asked({ 'alpha/large': succeeded })).toMatchObject({ result: succeeded, calls: ['main alpha/large'] });
  });

  it.each(['model_overloaded', 'model_spend_limit', 'circuit_open', 'peer_unavailable', 'peer_rate_limited'])('the first fallback that can, after %s, under a key of its own', async (code) => {
    expect(await asked({ 'alpha/large': failed(code), 'beta/large': succeeded })).toMatchObject({ result: succeeded, calls: ['main alpha/large', 'main/fallback#1 beta/large'] });
  });

  it.each(['model_refused', 'model_content_filtered', 'model_truncated', 'response_invalid', 'peer_unauthenticated'])('nobody else after %s', async (code) => {
    expect(await asked({ 'alpha/large': failed(code, false), 'beta/large': succeeded })).toMatchObject({ result: failed(code, false), calls: ['main alpha/large'] });
  });

  it('a step waits for its own model rather than fail by what a fallback was denied', async () => {
    expect((await asked({ 'alpha/large': failed('circuit_open'), 'beta/large': DENIED })).result).toEqual(failed('circuit_open'));
    expect((await asked({ 'alpha/large': failed('model_spend_limit', false), 'beta/large': failed('model_overloaded'), 'local/small': DENIED })).result).toEqual(failed('model_overloaded'));
  });

  it('the one that policy sends the call to, decided again, with what was decided before', async () => {
    const { result, calls, requests } = await asked({ 'alpha/large': routed('local/small'), 'local/small': succeeded });
    expect(result).toEqual(succeeded);
    expect(calls).toEqual(['main alpha/large', 'main/route#1 local/small']);
    expect(requests.map(({ model, routedFrom }) => [model, routedFrom])).toEqual([[{ use: 'alpha/large', pinned: true }, undefined], [{ use: 'local/small', pinned: true }, FROM]]);
  });

  it('its fallback too may be sent elsewhere', async () => {
    const { calls } = await asked({ 'alpha/large': failed('circuit_open'), 'beta/large': routed('local/small'), 'local/small': succeeded });
    expect(calls).toEqual(['main alpha/large', 'main/fallback#1 beta/large', 'main/fallback#1/route#1 local/small']);
  });

  it('nobody, when policy would send it on and on: the gateway denies that, and nobody else is asked', async () => {
    expect(await asked({ 'alpha/large': routed('beta/large'), 'beta/large': DENIED })).toMatchObject({ result: DENIED, calls: ['main alpha/large', 'main/route#1 beta/large'] });
  });
});
