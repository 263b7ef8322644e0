import { newId } from '@countersign/platform/ids/typeid.ts';
import type { CallIdentity } from '../call-identity.ts';
import { testIdentity } from './identities.ts';
import { MemoryGatewayStore } from './memory-gateway-store.ts';
import { gatewayStoreConformance } from './store-conformance.ts';

gatewayStoreConformance('in memory', async () => {
  const store = new MemoryGatewayStore();
  const leased = (changes: Partial<CallIdentity> = {}): CallIdentity => {
    const call = { ...testIdentity(), ...changes };
    store.lease(call.step.id, call.step.fence);
    return call;
  };
  return {
    budgetedWorkspace: async (limits) => {
      const id = newId('workspace');
      store.budgets.setLimits(id, limits);
      return id;
    },
    setLimits: async (workspaceId, limits) => store.budgets.setLimits(workspaceId, limits),
    leasedCallIn: async (workspaceId, beside) => leased({ workspace: { id: workspaceId, slug: 'own' }, ...(beside === undefined ? {} : { run: beside.run }) }),
    account: async (call, kind) => store.budgets.account(call, kind),
    budgetEvents: async () => store.budgets.events.map(({ type, kind }) => `${type} ${kind}`),
    store,
    instanceId: 'ins_1',
    leasedCall: async () => leased(),
    claimedAgain: async (call) => {
      const fence = String(Number(call.step.fence) + 1);
      store.lease(call.step.id, fence);
      return { ...call, step: { ...call.step, fence } };
    },
    decide: async (_call, approvalId, decision) => {
      store.decide(approvalId, decision, [{ principalId: 'prn_1', role: 'approver', decision: decision === 'approved' ? 'approve' : 'reject', authStrength: 'link', signInAgeMs: 60_000 }]);
    },
  };
});
