import type { FactSource, PolicyBudget, PolicyCounters } from '@countersign/contracts/policy/decision.ts';
import type { CallIdentity } from '../call-identity.ts';
import type { CallSituation, Facts, FactsAbout, Situation } from '../ports.ts';

/** What people have set, as a test says. */
export class MemorySituation implements Situation {
  current: CallSituation = { time_zone: 'UTC', kill_switches: [], autonomy: 'supervised' };

  async of(): Promise<CallSituation> {
    return this.current;
  }
}

/** What may be counted by, as a test says; null: it cannot be had. `asked`: what was looked up, and for which call. */
export class MemoryFacts implements Facts {
  counters: PolicyCounters | null = { action: NO_CALLS, instance: NO_CALLS, workflow: NO_CALLS };
  budget: PolicyBudget | null = { run: NO_BUDGET, workspace: NO_BUDGET };
  readonly asked: Array<{ readonly fact: 'counters' | 'budget'; readonly call: CallIdentity; readonly about: FactsAbout }> = [];

  of(call: CallIdentity, about: FactsAbout): FactSource {
    const had = async <T>(fact: 'counters' | 'budget', value: T | null): Promise<T> => {
      this.asked.push({ fact, call, about });
      if (value === null) throw new TypeError(`the test has no ${fact}`);
      return value;
    };
    return { counters: () => had('counters', this.counters), budget: () => had('budget', this.budget) };
  }
}

const NO_CALLS = { minute: 0, hour: 0, day: 0 };
const NO_BUDGET = { limit_micro_usd: null, spent_micro_usd: 0, reserved_micro_usd: 0 };
