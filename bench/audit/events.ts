import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';

export interface NewEvent {
  readonly chain: string;
  readonly id: string;
  readonly runId: string;
  readonly body: string;
}

/** `count` events, one chain after the other, as the engine's most frequent one: about 600 bytes. */
export function newEvents(tenantId: string, workspaces: readonly string[], first: number, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, n) => eventOf(tenantId, workspaces[(first + n) % workspaces.length] ?? '', first + n));
}

function eventOf(tenantId: string, workspaceId: string, n: number): NewEvent {
  const [id, runId] = [newId('audit_event'), newId('run')];
  const body = canonicalText({
    id, type: 'step.state_changed', at: '2026-11-21T15:00:00.000Z', tenant_id: tenantId, workspace_id: workspaceId, actor: { kind: 'worker', id: 'worker-1' },
    subject: { kind: 'step', id: newId('step') }, run_id: runId,
    data: { from: 'leased', to: 'succeeded', attempt: 1, fence: String(n), step_key: 'assign', action_digest: `sha256:${'ab'.repeat(32)}`, output_digest: `sha256:${'cd'.repeat(32)}` },
  });
  return { chain: `${tenantId}/${workspaceId}`, id, runId, body };
}
