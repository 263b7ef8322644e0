import { actionOf, decisionOf, intentOf, SUCCEEDED } from '@countersign/connectors/gateway/testing/store-records.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { auditRows } from '../../audit/events.ts';
import type { Contents } from '../../contents/contents.ts';
import { decisionEvent, intentEvent, outcomeEvent } from '../../store/audit-call.ts';
import type { Holder, Part } from '../part.ts';

export function holderOf({ tenant, run, step }: CallIdentity): Holder {
  return { tenantId: tenant.id, runId: run.id, stepId: step.id, fence: step.fence };
}

/** The decision and the intent of `call`, as the gateway's store notes them. */
export async function intended(contents: Contents, instanceId: string, call: CallIdentity, changes: { readonly idempotencyKey?: string } = {}): Promise<{ part: Part; callId: string }> {
  const action = actionOf(instanceId, call);
  const decision = decisionOf(instanceId, action, 'ALLOW');
  const intent = intentOf(action, null, changes);
  const [callId, now] = [newId('tool_call'), new Date()];
  const content = await contents.seal(call.tenant.id, 'action', { action_text: intent.actionText, content: intent.content }, [], now);
  return {
    callId,
    part: {
      holder: holderOf(call), expected: null,
      rows: {
        decisions: [{ call, decision, inputSealed: null }], contents: [content], intents: [{ call, callId, intent, decision, actionContentId: content.id }],
        events: auditRows([decisionEvent(call, 'test', decision), intentEvent(call, 'test', callId, decision, intent)], now),
      },
    },
  };
}

export function succeeded(call: CallIdentity, callId: string): Part {
  const outcome = { ...SUCCEEDED, receipt: null };
  return { holder: holderOf(call), expected: null, rows: { outcomes: [{ call, callId, outcome, outputContentId: null }], events: auditRows([outcomeEvent(call, 'test', callId, outcome)], new Date()) } };
}
