import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import { PRICE_TABLE } from '@countersign/contracts/prices/price-table.ts';
import { createGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import { InstanceGuard } from '@countersign/connectors/gateway/health/instance-guard.ts';
import { MemoryInstanceHealth } from '@countersign/connectors/gateway/health/memory-instance-health.ts';
import type { EgressFactory } from '@countersign/connectors/gateway/instance-egresses.ts';
import type { DecisionPoint, GatewayLog } from '@countersign/connectors/gateway/parts.ts';
import type { CredentialVault, ModelStores } from '@countersign/connectors/gateway/ports.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import type { ConnectionConfig } from '../config/agent-config.ts';
import { tellingVault } from '../credentials/telling-vault.ts';
import { OrderError } from '../orders/errors.ts';
import type { Spool } from '../spool/spool.ts';
import { orderInstances } from './order-instances.ts';
import { orderFacts, orderSituation } from './order-situation.ts';
import type { OrderClock, RunningOrders } from './running-order.ts';
import { SpoolGatewayStore } from './spool-gateway-store.ts';

export interface AgentGatewayOptions {
  readonly orders: RunningOrders;
  readonly connectors: Iterable<Connector>;
  readonly connections: readonly ConnectionConfig[];
  readonly vault: CredentialVault;
  readonly policy: DecisionPoint;
  readonly spool: Pick<Spool, 'commit'>;
  readonly clock: OrderClock;
  readonly killSwitches: () => readonly AgentKillSwitch[];
  readonly log: GatewayLog;
  /** How connections are made; tests count them. */
  readonly egress?: EgressFactory;
}

/** The gateway of the cell, on this side of the firewall: the same code and the same policy, by this side's addresses, credentials and books. */
export function createAgentGateway({ orders, connectors, connections, vault, policy, spool, clock, killSwitches, log, egress }: AgentGatewayOptions): RunningGateway {
  return createGateway({
    connectors: [...connectors], vault: tellingVault(vault), log, clock, pdp: policy,
    store: new SpoolGatewayStore({ spool, orders, clock, killSwitches }),
    situation: orderSituation(orders, killSwitches),
    facts: orderFacts(orders),
    instances: orderInstances(orders, connections),
    models: NO_MODELS,
    // What a call costs the cell reckons; by the shipped table nothing here is of unknown price.
    prices: { rowsFor: async () => ({ overrides: [], table: PRICE_TABLE.rows }) },
    guard: new InstanceGuard({ store: new MemoryInstanceHealth(clock.monotonic), now: () => clock.now().getTime() }),
    ...(egress === undefined ? {} : { egress }),
  });
}

/** Connectors that learn run in the cell. */
const NO_MODELS: ModelStores = {
  forCall: () => ({
    latest: async () => null,
    save: async () => {
      throw new OrderError('models_not_kept', 'An agent keeps no models; train where the models of the workspace are.');
    },
  }),
};
