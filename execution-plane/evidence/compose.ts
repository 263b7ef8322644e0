import { AGENTS_FILE, EVIDENCE_FORMAT_V2, INDEX_FILE, KEYS_FILE, README_FILE, RUN_PREDICATE } from '@countersign/contracts/evidence/statement.ts';
import type { EvidenceToSeal } from '@countersign/contracts/evidence/seal.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { shownKeys } from '@countersign/platform/audit/shown-keys.ts';
import { indexPage } from './index-page.ts';
import { README } from './readme.ts';
import type { RunRecord } from './repository.ts';

/** Canonical texts of write actions by their digest, opened by the builder for this purpose only. */
export type ActionTexts = ReadonlyMap<string, string>;

/** A record of a long run is larger than one message may be. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** What is sealed as the evidence of a run. No I/O: the same record gives the same bytes. */
export function composeEvidence(record: RunRecord, actions: ActionTexts, evidenceId: string, builtAt: Date): EvidenceToSeal {
  const { run, events, keys } = record;
  const files = new Map([
    ...composeFiles(record, actions), ...events.files,
    [KEYS_FILE, json({ keys: shownKeys(keys, events.chain.id) })],
    [README_FILE, Buffer.from(README)],
    [INDEX_FILE, indexPage(record, evidenceId, builtAt)],
  ]);
  return {
    predicateType: RUN_PREDICATE, files, withheld: events.withheld,
    predicate: {
      format: EVIDENCE_FORMAT_V2, evidence_id: evidenceId, run_id: run.id, tenant_id: run.tenant_id, workspace_id: run.workspace_id,
      built_at: builtAt.toISOString(), chain: events.chain,
    },
  };
}

/** The files that say in full what the events prove. */
export function composeFiles(record: RunRecord, actions: ActionTexts): Map<string, Uint8Array> {
  const { run, children, approvals, toolCalls, costs, agents } = record;
  return new Map<string, Uint8Array>([
    ['run.json', json({ ...run, children })],
    ['workflow.yaml', Buffer.from(record.workflowSource)],
    ['steps.json', json({ steps: record.steps })],
    ['decisions.json', json({ decisions: record.decisions })],
    ['approvals.json', json({ approvals: approvals.map(({ action_sealed: _sealed, ...approval }) => approval) })],
    ['actions.json', json({ actions: [...actions].map(([action_digest, text]) => ({ action_digest, text })) })],
    ['tool-calls.json', json({ tool_calls: toolCalls })],
    ['costs.json', json({ lines: costs, total_usd: run['cost_usd'], children: children.map(({ run_id, cost_usd, evidence_sha256 }) => ({ run_id, total_usd: cost_usd, evidence_sha256 })) })],
    ['transcript.json', json({ note: 'Content is not in evidence: these are the digests of what was read, proposed and written.', contents: record.contents })],
    ...(agents.orders.length === 0 ? [] : [[AGENTS_FILE, json(agents)] as const]),
  ]);
}

function json(value: unknown): Uint8Array {
  return Buffer.from(canonicalText(plain(value), MAX_FILE_BYTES));
}

/** Rows as the database gives them hold dates and buffers; canonical JSON takes plain values only. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}
