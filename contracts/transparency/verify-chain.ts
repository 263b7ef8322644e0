import { hash } from 'node:crypto';
import type { AuditEvent } from '../events/audit-event.ts';
import { FIRST_PREV_HASH } from '../events/audit-event.ts';
import { parseCanonical } from './canonical.ts';
import { EMPTY_FRONTIER, grow, leafHash, rootOf } from './merkle.ts';
import type { Frontier } from './merkle.ts';
import type { AuditFault, Promised } from './verify-checkpoints.ts';

/**
 * Computes a chain anew from the bytes of its export: a line per event, `{body, body_sha256, prev_hash, seq}` in canonical JSON, `body` null where
 * its retention has ended. Bytes come first: a line that is not canonical is an alteration, whatever it says.
 */
export interface ChainState {
  readonly chain: string;
  readonly tenantId: string;
  readonly workspaceId: string;
  seq: number;
  hash: string;
  tree: Frontier;
  withheld: number;
  lastAt: string | null;
  /** Sorted by size; those up to `reached` were compared. */
  readonly promised: readonly Promised[];
  reached: number;
  readonly faults: AuditFault[];
  /** Faults that are not listed any more: thousands say no more than hundreds. */
  more: number;
}

const MOST_FAULTS = 200;
const MEMBERS = 'body,body_sha256,prev_hash,seq';

export function beginChain(chain: string, promised: readonly Promised[]): ChainState {
  const [tenantId = '', workspaceId = ''] = chain.split('/');
  return {
    chain, tenantId, workspaceId, seq: 0, hash: FIRST_PREV_HASH, tree: EMPTY_FRONTIER, withheld: 0, lastAt: null, reached: 0, faults: [], more: 0,
    promised: promised.toSorted((a, b) => a.checkpoint.size - b.checkpoint.size),
  };
}

/** Goes on with the next line, without its line feed. */
export function readLine(state: ChainState, text: string): void {
  const at = `event ${state.seq + 1}`;
  const line = parseCanonical(text)?.value as ExportLine | undefined;
  if (line === undefined || line === null || typeof line !== 'object' || Object.keys(line).sort().join() !== MEMBERS || !Number.isSafeInteger(line.seq)) {
    addFault(state, 'line_not_canonical', at, 'The line is not the canonical JSON (RFC 8785) of an event of an export.');
    return;
  }
  if (line.seq !== state.seq + 1) addFault(state, line.seq > state.seq ? 'events_missing' : 'events_out_of_order', at, `Event ${line.seq} is where event ${state.seq + 1} should be.`);
  if (line.prev_hash !== state.hash) addFault(state, 'link_broken', `event ${line.seq}`, 'It does not follow from the event before it.');
  // The line is canonical, so the link is what stands behind the body, and the body is what stands before: byte for byte.
  const link = `{"body_sha256":${JSON.stringify(line.body_sha256)},"prev_hash":${JSON.stringify(line.prev_hash)},"seq":${line.seq}}`;
  checkBody(state, line, text.slice('{"body":'.length, -link.length));
  state.seq = line.seq;
  state.hash = hash('sha256', link, 'hex');
  state.tree = grow(state.tree, [leafHash(link)]);
  compareReached(state);
}

export interface ChainVerified {
  readonly events: number;
  readonly head: string;
  /** Base64. */
  readonly root: string;
  readonly bodiesEnded: number;
  /** Events behind the newest checkpoint: nobody has signed that they are there. */
  readonly openTail: number;
  readonly faults: readonly AuditFault[];
}

export function endChain(state: ChainState): ChainVerified {
  for (const { name, checkpoint } of state.promised.slice(state.reached)) {
    addFault(state, 'tail_missing', name, `It was signed for ${checkpoint.size} events, and ${state.tree.size} are there.`);
  }
  const covered = state.promised.at(-1)?.checkpoint.size ?? 0;
  const faults = state.more === 0 ? state.faults : [...state.faults, { code: 'more_faults', at: state.chain, message: `${state.more} more.` }];
  return { events: state.tree.size, head: state.hash, root: Buffer.from(rootOf(state.tree)).toString('base64'), bodiesEnded: state.withheld, openTail: Math.max(0, state.tree.size - covered), faults };
}

interface ExportLine {
  readonly body: AuditEvent | null;
  readonly body_sha256: string;
  readonly prev_hash: string;
  readonly seq: number;
}

function checkBody(state: ChainState, line: ExportLine, text: string): void {
  const at = `event ${line.seq}`;
  if (line.body === null) {
    state.withheld += 1;
    return;
  }
  if (hash('sha256', text, 'hex') !== line.body_sha256) addFault(state, 'event_altered', at, 'It is not what was sealed: its digest is another.');
  const { tenant_id, workspace_id, at: time } = line.body;
  if (tenant_id !== state.tenantId || workspace_id !== state.workspaceId) addFault(state, 'event_moved', at, `It belongs to ${String(tenant_id)}/${String(workspace_id)}, not to ${state.chain}.`);
  state.lastAt = typeof time === 'string' ? time : state.lastAt;
}

function compareReached(state: ChainState): void {
  for (let next = state.promised[state.reached]; next !== undefined && next.checkpoint.size <= state.tree.size; next = state.promised[state.reached]) {
    state.reached += 1;
    const { name, checkpoint } = next;
    if (checkpoint.size < state.tree.size) continue;
    if (!Buffer.from(rootOf(state.tree)).equals(checkpoint.root)) addFault(state, 'root_differs', name, `The first ${checkpoint.size} events are not those that were signed.`);
    if (state.hash !== checkpoint.head) addFault(state, 'head_differs', name, `Event ${checkpoint.size} is not the one that was signed as the head.`);
  }
}

function addFault(state: ChainState, code: string, at: string, message: string): void {
  if (state.faults.length < MOST_FAULTS) state.faults.push({ code, at, message });
  else state.more += 1;
}
