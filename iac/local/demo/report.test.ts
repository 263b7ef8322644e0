import { expect, it } from 'vitest';
import { reportOf, tableOf, wentThrough } from './report.ts';
import type { Journey } from './ticket-journey.ts';

const journey = (over: Partial<Journey>): Journey => ({
  ticket: { sys_id: 'a', number: 'INC1', short_description: '' }, runId: 'run', proposal: 'Network', decision: 'approved 01234567', writtenFields: ['category'],
  writtenBack: true, evidenceVerified: true, denied: false, costUsd: 0.000002, eventToProposalMs: 100, approvalToWritebackMs: 50, failure: null, ...over,
});

it('counts what was seen, and percentiles by nearest rank', () => {
  const report = reportOf([journey({}), journey({ eventToProposalMs: 300 }), journey({ eventToProposalMs: 200 })]);
  expect(report).toMatchObject({ tickets: 3, written_back: 3, evidence_verified: 3, denied: 0, cost_usd_per_ticket: 0.000002, event_to_proposal_ms: { p50: 200, p95: 300 } });
  expect(wentThrough(report)).toBe(true);
});

it('does not go through when one is missing, and says which', () => {
  const journeys = [journey({}), journey({ evidenceVerified: false, failure: 'evidence not verified' })];
  const report = reportOf(journeys);
  expect(wentThrough(report)).toBe(false);
  expect(tableOf(journeys, report)).toContain('INC1: evidence not verified');
});

it('does not go through when there was nothing, and never measures what it did not see', () => {
  expect(wentThrough(reportOf([]))).toBe(false);
  expect(reportOf([journey({ eventToProposalMs: null, approvalToWritebackMs: Number.NaN })]).approval_to_writeback_ms).toEqual({ p50: null, p95: null });
});
