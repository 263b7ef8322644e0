import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { engineRuns } from './engine-runs.ts';
import { runOf, type Fate, type Run } from './runs.ts';

/** What the stand-in can pretend to be. */
export type ScenarioName = 'usual' | 'many' | 'empty' | 'failing' | 'viewer' | 'stale-policy' | 'no-opa' | 'stopped' | 'step-up' | 'no-sandbox' | 'crowded' | 'engine' | 'no-role';

export interface Scenario {
  roles: components['schemas']['Role'][];
  runs: Run[];
  /** Every read of data answers 500. */
  failing: boolean;
  /** Nobody may read anything. */
  forbidden: boolean;
  stalePolicy: boolean;
  /** Whether policy can be compiled. */
  opa: boolean;
  /** A kill switch is set. */
  stopped: boolean;
  /** A kill switch lets go in stages. */
  recovering: boolean;
  /** Policy asks for a fresher sign-in than there is. */
  stepUp: boolean;
  sandbox: boolean;
}

const MINUTE_MS = 60_000;
const USUAL: Fate[] = ['waiting', 'waiting', 'retrying', 'succeeded', 'queued', 'waiting', 'succeeded', 'rejected', 'dead', 'succeeded', 'uncertain', 'denied', 'cancelled', 'succeeded', 'succeeded'];
const OWNER: Scenario['roles'] = ['admin', 'approver', 'operator'];

export function scenario(name: ScenarioName, now_ms: number): Scenario {
  const usual: Scenario = { roles: OWNER, runs: runsOf(USUAL, now_ms), failing: false, forbidden: false, stalePolicy: false, opa: true, stopped: false, recovering: false, stepUp: false, sandbox: true };
  switch (name) {
    case 'usual': return usual;
    case 'many': return { ...usual, runs: runsOf(Array.from({ length: 130 }, (_, place) => USUAL[place % USUAL.length]!), now_ms) };
    case 'crowded': return { ...usual, runs: runsOf(Array.from({ length: 60 }, () => 'dead'), now_ms) };
    case 'engine': return { ...usual, recovering: true, runs: [...engineRuns(200, now_ms), ...runsOf(USUAL, now_ms)] };
    case 'empty': return { ...usual, runs: [] };
    case 'failing': return { ...usual, failing: true };
    case 'no-role': return { ...usual, roles: [], forbidden: true };
    case 'viewer': return { ...usual, roles: ['viewer'] };
    case 'stale-policy': return { ...usual, stalePolicy: true };
    case 'no-opa': return { ...usual, opa: false };
    case 'stopped': return { ...usual, stopped: true };
    case 'step-up': return { ...usual, stepUp: true };
    case 'no-sandbox': return { ...usual, sandbox: false };
  }
}

/** Newest first, minutes apart. */
function runsOf(fates: readonly Fate[], now_ms: number): Run[] {
  return fates.map((fate, place) => runOf(fates.length - place, fate, now_ms - (place + 1) * 3.7 * MINUTE_MS));
}
