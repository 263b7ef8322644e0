import { LLMock } from '@copilotkit/aimock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anthropic } from '@countersign/connectors/anthropic/connector.ts';
import { openai } from '@countersign/connectors/openai/connector.ts';
import type { DecisionPoint } from '@countersign/connectors/gateway/parts.ts';
import type { CallResult } from '@countersign/connectors/gateway/ports.ts';
import { testIdentity } from '@countersign/connectors/gateway/testing/identities.ts';
import { fixedPolicy, instanceOf, testGateway } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { TestGateway } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import { evaluateWithLabels } from '@countersign/platform/expressions/labels.ts';
import type { RunFacts } from '../dispatch/repository-runs.ts';
import { TRIAGE, step } from '../testing/plant.ts';
import { askModels } from './ask-models.ts';

const MINE = 'openai/gpt-5.4-mini';
const OTHER = 'anthropic/claude-haiku-4-5';
const ANSWER = { content: '{"label":"hardware"}' };
const generate = step({ id: 'guess', uses: 'model/generate' });
const labelled = evaluateWithLabels({
  model: 'triage', prompt: 'Sort it', input: '${{ trigger.note }}',
  output_schema: { type: 'object', additionalProperties: false, required: ['label'], properties: { label: { type: 'string' } } },
}, { trigger: { note: 'The printer is on fire' }, steps: {}, run: {} }, () => ['ticket_text']);

let mocks: readonly [openai: LLMock, anthropic: LLMock];
let world: TestGateway;

/** Two connectors before two simulators of providers, as a cell has them. */
beforeEach(async () => {
  mocks = [new LLMock({ port: 0, strict: true }), new LLMock({ port: 0, strict: true })];
  for (const mock of mocks) await mock.start();
});
afterEach(async () => {
  await world.gateway.close();
  await Promise.all(mocks.map((mock) => mock.stop()));
});

async function ask(pdp: DecisionPoint = fixedPolicy(() => ({ outcome: 'ALLOW' }))): Promise<CallResult> {
  const [mine, other] = mocks;
  world = testGateway({
    connectors: [openai, anthropic], pdp,
    credentials: { cred_mine: { kind: 'bearer', token: 'sk-mine' }, cred_other: { kind: 'api_key', header: 'x-api-key', value: 'sk-other' } },
    instances: [
      instanceOf(openai, { baseUrl: mine.url, allowedHosts: [new URL(mine.url).host], credentialId: 'cred_mine' }),
      instanceOf(anthropic, { baseUrl: other.url, allowedHosts: [new URL(other.url).host], credentialId: 'cred_other' }),
    ],
  });
  const identity = testIdentity();
  const facts: RunFacts = {
    tenant: identity.tenant, workspace: identity.workspace, environment: identity.environment, run: identity.run,
    definition: { ...TRIAGE, models: { triage: { use: MINE, fallback: [OTHER] } } }, pins: { models: { triage: { use: MINE, fallback: [OTHER] } } },
    engineVersion: 1, triggerKind: 'webhook', triggerContentId: null, subject: null,
  };
  return askModels(generate, facts, labelled, { gateway: world.gateway, signal: new AbortController().signal, identity: (callKey) => ({ ...identity, callKey }) });
}

const recorded = (): string[] => world.store.calls.map(({ identity, outcome, state }) => `${identity.callKey} ${outcome?.model?.requested ?? '-'} ${state}`);
const requests = (): number[] => mocks.map((mock) => mock.getRequests().length);
const failing = (status: number, type: string, code?: string) => ({ error: { message: 'No', type, ...(code === undefined ? {} : { code }) }, status });

describe('a fallback answers', () => {
  it.each([
    ['the first is overloaded', failing(529, 'server_error')],
    ['the first is out of credit', failing(429, 'insufficient_quota', 'insufficient_quota')],
    ['the first asks for less', failing(429, 'requests', 'rate_limit_exceeded')],
    ['the first is broken', failing(500, 'server_error')],
  ])('when %s: one request each, both recorded', async (_why, failure) => {
    mocks[0].on({ userMessage: /printer/ }, failure);
    mocks[1].on({ userMessage: /printer/ }, ANSWER);
    expect(await ask()).toMatchObject({ kind: 'succeeded', output: { label: 'hardware' }, outputLabels: expect.arrayContaining(['model_output', `${OTHER}<ticket_text`]) as unknown });
    expect(recorded()).toEqual(['main - failed', 'main/fallback#1 claude-haiku-4-5 succeeded']);
    expect(requests()).toEqual([1, 1]);
  });
});

describe('nobody else is asked', () => {
  it.each<[string, Parameters<LLMock['on']>[1]]>([
    ['breaks the schema', { content: '{"kind":"hardware"}' }],
    ['is cut', { content: '{"lab', finishReason: 'length' }],
    ['is withheld by a filter', failing(400, 'invalid_request_error', 'content_filter')],
  ])('when the answer %s', async (_what, response) => {
    mocks[0].on({ userMessage: /printer/ }, response);
    mocks[1].on({ userMessage: /printer/ }, ANSWER);
    expect((await ask()).kind).toBe('failed');
    expect(requests()).toEqual([1, 0]);
  });
});

describe('policy routes', () => {
  const routing = (target: (use: string) => string | null): DecisionPoint => fixedPolicy((input) => {
    const to = target(input.model?.use ?? '');
    return to === null ? { outcome: 'ALLOW' } : { outcome: 'ROUTE', obligations: { target: to } };
  });

  it('to another model: nothing reaches the first, both decisions are recorded, the other answers', async () => {
    mocks[1].on({ userMessage: /printer/ }, ANSWER);
    expect(await ask(routing((use) => (use === MINE ? OTHER : null)))).toMatchObject({ kind: 'succeeded', output: { label: 'hardware' } });
    expect(requests()).toEqual([0, 1]);
    expect(world.store.decisions.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(['openai/generate ROUTE', 'anthropic/generate ALLOW']);
    expect(recorded()).toEqual(['main/route#1 claude-haiku-4-5 succeeded']);
  });

  it('in a circle: nothing reaches anybody', async () => {
    expect(await ask(routing((use) => (use === MINE ? OTHER : MINE)))).toMatchObject({ kind: 'denied', reasons: [{}, { rule: 'route_loop' }] });
    expect(world.store.decisions.map(({ outcome, routedFrom }) => [outcome, routedFrom])).toEqual([['ROUTE', null], ['DENY', world.store.decisions[0]?.id]]);
    expect(requests()).toEqual([0, 0]);
  });
});
