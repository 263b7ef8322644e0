import type { ArchiveFiles } from '@countersign/contracts/evidence/archive.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { EvidenceError } from '../errors.ts';
import { canonicalOf, readCanonical, sha256Hex } from '../read.ts';
import type { Findings } from '../verification.ts';
import type { ApprovalRecord, DecisionRecord, ToolCallRecord } from './records.ts';
import { contradiction, eventsOf, findEvent, isShown, requireEvent } from './shown-record.ts';
import type { ShownRecord } from './shown-record.ts';

/** What the record files say is what the audit says: the files are for reading, the chain is what is proven. */
export function checkRecord(record: ShownRecord): Findings {
  if (isShown(record, 'run.json')) checkRun(record);
  if (isShown(record, 'decisions.json')) checkDecisions(record);
  if (isShown(record, 'tool-calls.json')) checkCalls(record);
  if (isShown(record, 'approvals.json')) checkVotes(record);
  const missing = ['run.json', 'workflow.yaml'].filter((path) => !isShown(record, path));
  return {
    proofs: [
      { check: 'record', proves: `The run, its decisions, calls and votes${record.eventsWithheld ? ', as far as they and their audit events are shown,' : ''} are what the audit events say, intents before outcomes.` },
      ...(isShown(record, 'costs.json') ? [{ check: 'cost', proves: `The cost lines add up to ${checkCosts(record.files)} USD.` }] : []),
    ],
    not_proven: [
      ...missing.map((path) => `What ${path} said: it was left out.`),
      ...(isShown(record, 'costs.json') ? [] : ['What it cost: costs.json was left out.']),
    ],
  };
}

function checkRun(record: ShownRecord): void {
  const { files, runId, tenantId, eventsWithheld } = record;
  const run = readCanonical<{ id: string; tenant_id: string; state: string; workflow_digest: string }>(files, 'run.json');
  if (run.id !== runId || run.tenant_id !== tenantId) throw new EvidenceError('record_inconsistent', 'run.json', `run.json is of another run than the bundle says.`);
  if (isShown(record, 'workflow.yaml') && `sha256:${sha256Hex(files.get('workflow.yaml')!)}` !== run.workflow_digest) {
    throw new EvidenceError('record_inconsistent', 'workflow.yaml', 'workflow.yaml is not the version that the run was pinned to.');
  }
  const created = findEvent(record, 'run.created', run.id);
  if (created?.data['workflow_digest'] !== run.workflow_digest && !(created === undefined && eventsWithheld)) contradiction(record, 'run.json', `run ${run.id} was created with another workflow`);
  if (eventsWithheld) return;
  const last = eventsOf(record, 'run.state_changed').at(-1);
  if (last?.data['to'] !== run.state) contradiction(record, 'run.json', `run ${run.id} ended ${String(last?.data['to'])}, not ${run.state}`);
}

function checkDecisions(record: ShownRecord): void {
  for (const decision of readCanonical<{ decisions: DecisionRecord[] }>(record.files, 'decisions.json').decisions) {
    requireEvent(record, 'decision.made', decision.id, { outcome: decision.outcome, action_digest: decision.action_digest }, 'decisions.json');
  }
}

function checkCalls(record: ShownRecord): void {
  const approvals = isShown(record, 'approvals.json') ? readCanonical<{ approvals: ApprovalRecord[] }>(record.files, 'approvals.json').approvals : null;
  for (const call of readCanonical<{ tool_calls: ToolCallRecord[] }>(record.files, 'tool-calls.json').tool_calls) {
    const intended = requireEvent(record, 'call.intended', call.id, { action_digest: call.action_digest, decision_id: call.decision_id, approval_id: call.approval_id }, 'tool-calls.json');
    if (call.state === 'intended') continue;
    checkOutcome(record, call, intended);
    if (call.receipt?.said_by !== undefined && approvals !== null) requireAnswer(call, call.receipt.said_by, approvals);
  }
}

function checkOutcome(record: ShownRecord, call: ToolCallRecord, intended: AuditEvent | undefined): void {
  const outcomes = eventsOf(record, 'call.outcome').filter((event) => event.subject.id === call.id);
  if (outcomes.at(-1)?.data['state'] !== call.state && !record.eventsWithheld) contradiction(record, 'tool-calls.json', `the last recorded outcome of call ${call.id} is not ${call.state}`);
  const [first] = outcomes;
  if (intended === undefined || first === undefined) return;
  if (record.events.indexOf(first) < record.events.indexOf(intended)) contradiction(record, 'tool-calls.json', `the outcome of call ${call.id} was recorded before its intent`);
}

/** What only a person could say was asked of them, and they said so. */
function requireAnswer(call: ToolCallRecord, { principal_id, approval_id }: { readonly principal_id: string; readonly approval_id: string }, approvals: readonly ApprovalRecord[]): void {
  const question = approvals.find((approval) => approval.id === approval_id);
  const isAnswered = question?.kind === 'outcome' && question.call_id === call.id && question.answer === 'happened' && question.action_digest === call.action_digest;
  const said = question?.votes.some((vote) => vote.principal_id === principal_id && vote.decision === 'happened' && vote.action_digest === call.action_digest) ?? false;
  if (!isAnswered || !said) throw new EvidenceError('record_inconsistent', 'approvals.json', `Nobody in approvals.json says that call ${call.id} happened, as its receipt claims.`);
}

/** Every vote is in the audit, cast by a sign-in as strong and as old. */
export function checkVotes(record: ShownRecord): void {
  for (const approval of readCanonical<{ approvals: ApprovalRecord[] }>(record.files, 'approvals.json').approvals) {
    requireEvent(record, 'approval.requested', approval.id, { action_digest: approval.action_digest }, 'approvals.json');
    for (const vote of approval.votes) {
      const cast = eventsOf(record, 'approval.vote_cast').some((event) => event.subject.id === approval.id
        && event.actor.id === vote.principal_id && event.data['decision'] === vote.decision && event.data['action_digest'] === vote.action_digest
        && event.data['auth_strength'] === vote.auth_strength && agesAgree(event.data['sign_in_age_ms'], vote.sign_in_age_ms) && signInsAgree(event, vote));
      if (!cast && !record.eventsWithheld) contradiction(record, 'approvals.json', `no audit event shows the vote of ${vote.principal_id} on ${approval.id}`);
    }
  }
}

/** What the identity provider said of the sign-in; votes and events of before do not have it. */
function signInsAgree({ data }: AuditEvent, { auth }: ApprovalRecord['votes'][number]): boolean {
  if (auth === undefined || data['auth_method'] === undefined) return true;
  const { method, idp, acr, amr } = auth;
  const judged = { method: data['auth_method'], idp: data['idp'] ?? null, acr: data['acr'] ?? null, amr: data['amr'] ?? [] };
  return canonicalOf(judged, 'approvals.json') === canonicalOf({ method, idp, acr, amr }, 'approvals.json');
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
