import type { Journey } from './ticket-journey.ts';

export interface DemoReport {
  readonly tickets: number;
  readonly written_back: number;
  readonly evidence_verified: number;
  readonly denied: number;
  readonly cost_usd_per_ticket: number;
  readonly event_to_proposal_ms: { readonly p50: number | null; readonly p95: number | null };
  readonly approval_to_writeback_ms: { readonly p50: number | null; readonly p95: number | null };
}

export function reportOf(journeys: readonly Journey[]): DemoReport {
  const total = journeys.reduce((sum, journey) => sum + journey.costUsd, 0);
  return {
    tickets: journeys.length,
    written_back: journeys.filter((journey) => journey.writtenBack).length,
    evidence_verified: journeys.filter((journey) => journey.evidenceVerified).length,
    denied: journeys.filter((journey) => journey.denied).length,
    cost_usd_per_ticket: journeys.length === 0 ? 0 : Number((total / journeys.length).toFixed(9)),
    event_to_proposal_ms: percentiles(journeys.map((journey) => journey.eventToProposalMs)),
    approval_to_writeback_ms: percentiles(journeys.map((journey) => journey.approvalToWritebackMs)),
  };
}

export function wentThrough(report: DemoReport): boolean {
  return report.tickets > 0 && report.written_back === report.tickets && report.evidence_verified === report.tickets;
}

export function tableOf(journeys: readonly Journey[], report: DemoReport): string {
  const headings = ['TICKET', 'PROPOSAL', 'DECISION', 'WRITTEN FIELDS', 'EVIDENCE', 'COST USD'];
  const rows = journeys.map((journey) => [
    journey.ticket.number, shortened(journey.proposal, 60), journey.decision, journey.writtenFields.join(', ') || '-',
    journey.evidenceVerified ? 'verified' : 'no', journey.costUsd.toFixed(9),
  ]);
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)));
  const lines = [headings, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd());
  const failures = journeys.filter((journey) => journey.failure !== null).map((journey) => `${journey.ticket.number}: ${journey.failure}`);
  return [
    ...lines, '',
    `${report.written_back} of ${report.tickets} written back, ${report.evidence_verified} verified, ${report.denied} denied by policy.`,
    `Event to proposal p50 ${ms(report.event_to_proposal_ms.p50)}, p95 ${ms(report.event_to_proposal_ms.p95)}; approval to write-back p50 ${ms(report.approval_to_writeback_ms.p50)}, p95 ${ms(report.approval_to_writeback_ms.p95)}.`,
    ...(failures.length === 0 ? [] : ['', 'Not through:', ...failures.map((line) => `  ${line}`)]),
  ].join('\n');
}

/** Nearest-rank percentiles of what was measured; null when nothing was. */
function percentiles(values: ReadonlyArray<number | null>): { p50: number | null; p95: number | null } {
  const sorted = values.filter((value): value is number => value !== null && Number.isFinite(value)).sort((a, b) => a - b);
  const at = (fraction: number): number | null => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? null;
  return { p50: at(0.5), p95: at(0.95) };
}

function ms(value: number | null): string {
  return value === null ? 'not measured' : `${value} ms`;
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
