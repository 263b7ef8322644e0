import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { EvidenceManifest } from '@countersign/contracts/evidence/bundle.ts';
import type { AuditEvent, AuditEventType, AuditValue } from '@countersign/contracts/events/audit-event.ts';
import { ownEvents } from './check-chain.ts';
import { EvidenceError } from './errors.ts';
import { readCanonical, sha256Hex } from './read.ts';
import type { ApprovalRecord, DecisionRecord, ToolCallRecord } from './records.ts';
import type { Proof } from './proof.ts';

/** What the record files say is what the audit says: the files are for reading, the chain is what is proven. */
export function checkRecord(files: ArchiveFiles, manifest: EvidenceManifest): Proof[] {
  const events = ownEvents(files, manifest);
  checkRun(files, manifest, events);
  checkDecisions(files, events);
  checkCalls(files, events);
  checkVotes(files, events);
  const total = checkCosts(files);
  return [
    { check: 'record', proves: 'The run, its decisions, calls and votes are what the audit events say, intents before outcomes.' },
    { check: 'cost', proves: `The cost lines add up to ${total} USD.` },
  ];
}

function checkRun(files: ArchiveFiles, manifest: EvidenceManifest, events: readonly AuditEvent[]): void {
  const run = readCanonical<{ id: string; tenant_id: string; state: string; workflow_digest: string }>(files, 'run.json');
  if (run.id !== manifest.run_id || run.tenant_id !== manifest.tenant_id) throw new EvidenceError('record_inconsistent', 'run.json', 'run.json is of another run than manifest.json says.');
  if (`sha256:${sha256Hex(files.get('workflow.yaml')!)}` !== run.workflow_digest) {
    throw new EvidenceError('record_inconsistent', 'workflow.yaml', 'workflow.yaml is not the version that the run was pinned to.');
  }
  const created = find(events, 'run.created', run.id);
  if (created?.data['workflow_digest'] !== run.workflow_digest) contradiction('run.json', `run ${run.id} was created with another workflow`);
  const last = events.filter((event) => event.type === 'run.state_changed').at(-1);
  if (last?.data['to'] !== run.state) contradiction('run.json', `run ${run.id} ended ${String(last?.data['to'])}, not ${run.state}`);
}

function checkDecisions(files: ArchiveFiles, events: readonly AuditEvent[]): void {
  for (const decision of readCanonical<{ decisions: DecisionRecord[] }>(files, 'decisions.json').decisions) {
    requireEvent(events, 'decision.made', decision.id, { outcome: decision.outcome, action_digest: decision.action_digest }, 'decisions.json');
  }
}

function checkCalls(files: ArchiveFiles, events: readonly AuditEvent[]): void {
  const { approvals } = readCanonical<{ approvals: ApprovalRecord[] }>(files, 'approvals.json');
  for (const call of readCanonical<{ tool_calls: ToolCallRecord[] }>(files, 'tool-calls.json').tool_calls) {
    const intended = requireEvent(events, 'call.intended', call.id, { action_digest: call.action_digest, decision_id: call.decision_id, approval_id: call.approval_id }, 'tool-calls.json');
    if (call.state === 'intended') continue;
    const outcomes = events.filter((event) => event.type === 'call.outcome' && event.subject.id === call.id);
    if (outcomes.at(-1)?.data['state'] !== call.state) contradiction('tool-calls.json', `the last recorded outcome of call ${call.id} is not ${call.state}`);
    if (events.indexOf(outcomes[0]!) < events.indexOf(intended)) contradiction('tool-calls.json', `the outcome of call ${call.id} was recorded before its intent`);
    if (call.receipt?.said_by !== undefined) requireAnswer(call, call.receipt.said_by, approvals);
  }
}

/** What only a person could say was asked of them, and they said so. */
function requireAnswer(call: ToolCallRecord, { principal_id, approval_id }: { readonly principal_id: string; readonly approval_id: string }, approvals: readonly ApprovalRecord[]): void {
  const question = approvals.find((approval) => approval.id === approval_id);
  const isAnswered = question?.kind === 'outcome' && question.call_id === call.id && question.answer === 'happened' && question.action_digest === call.action_digest;
  const said = question?.votes.some((vote) => vote.principal_id === principal_id && vote.decision === 'happened' && vote.action_digest === call.action_digest) ?? false;
  if (!isAnswered || !said) throw new EvidenceError('record_inconsistent', 'approvals.json', `Nobody in approvals.json says that call ${call.id} happened, as its receipt claims.`);
}

function checkVotes(files: ArchiveFiles, events: readonly AuditEvent[]): void {
  for (const approval of readCanonical<{ approvals: ApprovalRecord[] }>(files, 'approvals.json').approvals) {
    requireEvent(events, 'approval.requested', approval.id, { action_digest: approval.action_digest }, 'approvals.json');
    for (const vote of approval.votes) {
      const cast = events.some((event) => event.type === 'approval.vote_cast' && event.subject.id === approval.id
        && event.actor.id === vote.principal_id && event.data['decision'] === vote.decision && event.data['action_digest'] === vote.action_digest
        && event.data['auth_strength'] === vote.auth_strength && agesAgree(event.data['sign_in_age_ms'], vote.sign_in_age_ms));
      if (!cast) contradiction('approvals.json', `no audit event shows the vote of ${vote.principal_id} on ${approval.id}`);
    }
  }
}

/** The audit's age is that of when the vote was judged, a moment before it was written. */
function agesAgree(judged: unknown, recorded: number | null | undefined): boolean {
  if (typeof judged !== 'number' || typeof recorded !== 'number') return (judged ?? null) === (recorded ?? null);
  return judged <= recorded && recorded - judged < 60_000;
}

/** Adds decimals as integers of 10^-9 USD. @returns the sum as it is written in costs.json */
function checkCosts(files: ArchiveFiles): string {
  const { lines, total_usd } = readCanonical<{ lines: ReadonlyArray<{ amount_usd: string }>; total_usd: string }>(files, 'costs.json');
  const sum = lines.reduce((total, line) => total + nanoUsd(line.amount_usd), 0n);
  if (sum !== nanoUsd(total_usd)) throw new EvidenceError('record_inconsistent', 'costs.json', 'The lines in costs.json do not add up to its total.');
  return total_usd;
}

function nanoUsd(decimal: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(decimal);
  if (match === null) throw new EvidenceError('file_invalid', 'costs.json', `costs.json holds an amount that is not a decimal: ${JSON.stringify(decimal)}.`);
  return BigInt(match[1]!) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

function requireEvent(events: readonly AuditEvent[], type: AuditEventType, subjectId: string, data: Readonly<Record<string, AuditValue>>, file: string): AuditEvent {
  const event = find(events, type, subjectId);
  if (event === undefined) return contradiction(file, `no ${type} event shows ${subjectId}`);
  for (const [name, value] of Object.entries(data)) {
    if (event.data[name] !== value) contradiction(file, `the ${type} event of ${subjectId} says another ${name}`);
  }
  return event;
}

function find(events: readonly AuditEvent[], type: AuditEventType, subjectId: string): AuditEvent | undefined {
  return events.find((event) => event.type === type && event.subject.id === subjectId);
}

function contradiction(file: string, what: string): never {
  throw new EvidenceError('record_contradicts_audit', file, `${file} contradicts audit.jsonl: ${what}.`);
}
