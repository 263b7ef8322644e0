import { describe, expect, it } from 'vitest';
import { readReceipt, tellStory } from './story.ts';

type Run = Parameters<typeof tellStory>[0];

const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString();
const step = (id: string, started: number | null): Run['steps'][number] => ({
  id, key: `key-${id}`, uses: 'servicenow/incident.get', needs: [], state: 'succeeded', attempt: 1, max_attempts: 5, available_at: at(0),
  started_at: started === null ? null : at(started), finished_at: null, error: null, approval_id: null, output: null,
  attempts: started === null ? [] : [{ attempt: 1, fence: '1', worker: 'w', started_at: at(started), finished_at: null, result: null, error: null }],
});
const decision = (step_id: string, second: number): Run['decisions'][number] => ({
  id: `dec-${second}`, step_id, call_key: 'main', action: 'a', outcome: 'ALLOW', reasons: [], obligations: {}, action_digest: 'd', input_digest: 'd',
  bundle_revision: null, bundle_seq: null, bundle_age_ms: null, evaluated_us: 1, decided_at: at(second),
});
const call = (step_id: string, second: number): Run['calls'][number] => ({
  id: `call-${second}`, step_id, call_key: 'main', action: 'a', risk: 'read', state: 'succeeded', action_digest: 'd', idempotency_key: 'k', decision_id: 'x',
  approval_id: null, receipt: null, error: null, intended_at: at(second), finished_at: null, duration_ms: null,
});
const cost = (call_id: string): Run['costs'][number] => ({ call_id, meter: 'm', quantity: '1', unit: 'u', amount_usd: '0', price: {} });

describe('tellStory', () => {
  it('puts steps in the order they began, and those that did not at the end as written', () => {
    const story = tellStory({ steps: [step('c', null), step('b', 5), step('a', 1), step('d', null)], decisions: [], calls: [], approvals: [], costs: [] });
    expect(story.map(({ step: { id } }) => id)).toEqual(['a', 'b', 'c', 'd']);
  });
  it('puts what happened in order of time, the decision before the call of the same moment', () => {
    const [story] = tellStory({ steps: [step('a', 1)], decisions: [decision('a', 2), decision('other', 1)], calls: [call('a', 2)], approvals: [], costs: [cost('call-2'), cost('call-9')] });
    expect(story?.entries.map(({ kind }) => kind)).toEqual(['attempt', 'decision', 'call']);
    expect(story?.entries.at(-1)).toMatchObject({ kind: 'call', costs: [{ call_id: 'call-2' }] });
  });
});

it('tells of a run that a step started, where it was started', () => {
  const child = { run_id: 'run_2', workflow_name: 'child', workflow_version: 1, step_key: 'key-a', state: 'running' as const, cost_usd: '0', created_at: at(3), finished_at: null };
  const [first, second] = tellStory({ steps: [step('a', 1), step('b', 2)], decisions: [decision('a', 5)], calls: [], approvals: [], costs: [], children: [child] });
  expect(first?.entries.map(({ kind }) => kind)).toEqual(['attempt', 'child', 'decision']);
  expect(second?.entries.map(({ kind }) => kind)).toEqual(['attempt']);
});

it('puts a call after its decision, whatever the clocks say', () => {
  const [story] = tellStory({ steps: [step('a', 1)], decisions: [decision('a', 5)], calls: [{ ...call('a', 4), decision_id: 'dec-5' }], approvals: [], costs: [] });
  expect(story?.entries.map(({ kind }) => kind)).toEqual(['attempt', 'decision', 'call']);
});

describe('readReceipt', () => {
  it('takes what is there', () => {
    expect(readReceipt({ version_before: '3', version_after: '4', fields_written: ['category', 7], verified_by_reading_back: true }))
      .toEqual({ versionBefore: '3', versionAfter: '4', fieldsWritten: ['category'], verifiedByReadingBack: true });
    expect(readReceipt({})).toEqual({ versionBefore: null, versionAfter: null, fieldsWritten: [], verifiedByReadingBack: null });
    expect(readReceipt(null)).toBeNull();
  });
});
