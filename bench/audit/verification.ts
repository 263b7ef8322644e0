import { hash } from 'node:crypto';
import { FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { beginChain, endChain, readLine } from '@countersign/contracts/transparency/verify-chain.ts';
import { linkEvents } from '@countersign/platform/audit/link-events.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { newEvents } from './events.ts';
import type { AuditFigures } from './report.ts';

/** Lines are made in pieces and only their verification is timed: reading them from a disk is not in it. */
export function measureVerification(events: number): AuditFigures['verification'] {
  const [tenantId, workspaceId] = [newId('tenant'), newId('workspace')];
  const state = beginChain(`${tenantId}/${workspaceId}`, []);
  let head = { seq: 0, hash: FIRST_PREV_HASH };
  let taken_ms = 0;
  while (head.seq < events) {
    const piece = newEvents(tenantId, [workspaceId], head.seq, Math.min(10_000, events - head.seq));
    const links = linkEvents(head, piece.map(({ body }) => hash('sha256', body, 'hex')));
    const lines = links.map(({ line }, at) => `{"body":${piece[at]?.body ?? 'null'},${line.slice(1)}`);
    head = links.at(-1) ?? head;
    const began = performance.now();
    for (const line of lines) readLine(state, line);
    taken_ms += performance.now() - began;
  }
  const { faults } = endChain(state);
  if (faults.length > 0) throw new TypeError(`The chain that was made does not verify: ${JSON.stringify(faults[0])}`);
  return { events, seconds: taken_ms / 1_000, per_s: events / (taken_ms / 1_000) };
}
