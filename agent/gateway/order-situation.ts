import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { FactSource, PolicyFacts } from '@countersign/contracts/policy/decision.ts';
import type { Facts, Situation } from '@countersign/connectors/gateway/ports.ts';
import { OrderError } from '../orders/errors.ts';
import { stopping } from '../orders/stopping.ts';
import type { RunningOrders } from './running-order.ts';

/** How things stood when the cell signed, and what people have stopped since, as far as the cell has said. */
export function orderSituation(orders: RunningOrders, killSwitches: () => readonly AgentKillSwitch[]): Situation {
  return {
    async of(call) {
      const { order } = orders.of(call);
      const { time_zone, autonomy, kill_switches } = order.situation;
      return { time_zone, autonomy, kill_switches: [...kill_switches, ...stopping(order, killSwitches())] };
    },
  };
}

/** What policy counts by was counted in the cell, where all calls are known: it came with the order, or there is none. */
export function orderFacts(orders: RunningOrders): Facts {
  return {
    of(call): FactSource {
      const facts = orders.of(call).order.facts as Partial<PolicyFacts>;
      const given = async <Name extends keyof PolicyFacts>(name: Name): Promise<PolicyFacts[Name]> => {
        const fact = facts[name];
        if (fact === undefined) throw new OrderError('fact_missing', `The order came without ${name}, which policy counts by.`);
        return fact;
      };
      return { counters: () => given('counters'), budget: () => given('budget') };
    },
  };
}
