import { createHash } from 'node:crypto';
import { EVIDENCE_FORMAT } from '@countersign/contracts/evidence/bundle.ts';
import type { EvidenceChainLine, EvidenceManifest } from '@countersign/contracts/evidence/bundle.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { README } from './readme.ts';
import type { RunRecord } from './repository.ts';

/** Canonical texts of write actions by their digest, opened by the builder for this purpose only. */
export type ActionTexts = ReadonlyMap<string, string>;

/** The files of a bundle but for manifest.json and signature.json. No I/O: the same record gives the same bytes. */
export function composeFiles(record: RunRecord, actions: ActionTexts): Map<string, Uint8Array> {
  const { run, children, approvals, toolCalls, costs } = record;
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
    ['audit.jsonl', Buffer.from(record.chain.map((row) => `${chainLine(row.line, row.body)}\n`).join(''))],
    ['checkpoint.json', json({ body: JSON.parse(record.checkpoint.body), kid: record.checkpoint.kid, signature: record.checkpoint.signature })],
    ['keys.json', json({ keys: record.keys })],
    ['readme.txt', Buffer.from(README)],
  ]);
}

/** The manifest that names every other file and is signed. */
export function composeManifest(record: RunRecord, files: ReadonlyMap<string, Uint8Array>, evidenceId: string, builtAt: Date): Uint8Array {
  const seqs = record.chain.map((row) => (JSON.parse(row.line) as EvidenceChainLine).seq);
  const manifest: EvidenceManifest = {
    format: EVIDENCE_FORMAT,
    evidence_id: evidenceId,
    run_id: record.run.id,
    tenant_id: record.run.tenant_id,
    workspace_id: record.run.workspace_id,
    built_at: builtAt.toISOString(),
    chain: { id: `${record.run.tenant_id}/${record.run.workspace_id}`, first_seq: seqs[0]!, last_seq: seqs.at(-1)!, checkpoint_seq: record.checkpoint.seq },
    files: [...files].map(([path, bytes]) => ({ path, sha256: sha256(bytes), size_bytes: bytes.length })).sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  return json(manifest);
}

function chainLine(link: string, body: string | null): string {
  const { seq, prev_hash, body_sha256 } = JSON.parse(link) as EvidenceChainLine;
  return canonicalText(body === null ? { seq, prev_hash, body_sha256 } : { seq, prev_hash, body_sha256, body: JSON.parse(body) as unknown });
}

function json(value: unknown): Uint8Array {
  return Buffer.from(canonicalText(plain(value)));
}

/** Rows as the database gives them hold dates and buffers; canonical JSON takes plain values only. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
