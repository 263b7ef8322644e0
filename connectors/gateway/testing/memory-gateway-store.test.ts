import { testIdentity } from './identities.ts';
import { MemoryGatewayStore } from './memory-gateway-store.ts';
import { gatewayStoreConformance } from './store-conformance.ts';

gatewayStoreConformance('in memory', async () => {
  const store = new MemoryGatewayStore();
  return {
    store,
    instanceId: 'ins_1',
    leasedCall: async () => {
      const call = testIdentity();
      store.lease(call.step.id, call.step.fence);
      return call;
    },
    claimedAgain: async (call) => {
      const fence = String(Number(call.step.fence) + 1);
      store.lease(call.step.id, fence);
      return { ...call, step: { ...call.step, fence } };
    },
    decide: async (_call, approvalId, decision) => {
      store.decide(approvalId, decision, [{ principalId: 'prn_1', role: 'approver', decision: decision === 'approved' ? 'approve' : 'reject', authStrength: 'password' }]);
    },
  };
});
