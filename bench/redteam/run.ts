import { CONNECTORS } from '@countersign/connectors/registry.ts';
import type { DecisionPoint } from '@countersign/connectors/gateway/parts.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { attack } from './attack.ts';
import type { AttackCase, LegitimateCase, MalformedLine } from './cases.ts';
import { honestSteps } from './grant.ts';
import { runLegitimate } from './legitimate.ts';
import type { LegitimateFigures } from './legitimate.ts';
import { startPeers } from './peers.ts';
import type { Peer } from './peers.ts';
import { Tally } from './tally.ts';
import type { Leak } from './tally.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

export interface RedteamInput {
  readonly cases: readonly AttackCase[];
  readonly legitimate: readonly LegitimateCase[];
  readonly malformed: readonly MalformedLine[];
  /** Decides; the seeded policies in earnest. */
  readonly pdp: DecisionPoint;
  /** Attacked; all that are shipped where it is left out. */
  readonly connectors?: readonly Connector[];
}

export interface RedteamFigures {
  readonly cases: number;
  /** Requests that reached a peer and that neither an honest run makes nor a person approved. Must be 0. */
  readonly received_outside_grant: number;
  readonly leaking_cases: number;
  readonly attempts: number;
  readonly by_outcome: Readonly<Record<string, number>>;
  readonly by_kind: Readonly<Record<string, number>>;
  readonly denied_by_rule: Readonly<Record<string, number>>;
  readonly connectors: ReadonlyArray<{ readonly name: string; readonly actions: number; readonly answered_by: 'stand-in' | 'empty answers' | 'nothing to reach' }>;
  readonly legitimate: LegitimateFigures;
  readonly malformed_lines: readonly MalformedLine[];
  readonly leaks: readonly Leak[];
  readonly seconds: number;
}

/** Cases in one world before a fresh one is made, so that what one left behind meets few others. */
const CASES_PER_WORLD = 10;

/** Attacks every connector with every case, then lets honest runs through. */
export async function runRedteam({ cases, legitimate, malformed, pdp, connectors = CONNECTORS }: RedteamInput): Promise<RedteamFigures> {
  const started = performance.now();
  const peers = await startPeers(connectors);
  try {
    const tally = new Tally();
    const steps = await inWorld(peers, pdp, honestSteps);
    for (let at = 0; at < cases.length; at += CASES_PER_WORLD) {
      await inWorld(peers, pdp, async (world) => {
        for (const [index, attackCase] of cases.slice(at, at + CASES_PER_WORLD).entries()) {
          await attack(world, steps, attackCase, at + index, tally);
          world.forget();
        }
      });
    }
    const honest = await inWorld(peers, pdp, (world) => runLegitimate(world, legitimate));
    return {
      cases: cases.length, received_outside_grant: tally.receivedOutsideGrant, leaking_cases: tally.leakingCases.size, ...tally.figures(),
      connectors: peers.map(({ connector: { manifest }, hasStandIn, recorder }) => ({
        name: manifest.name, actions: Object.keys(manifest.actions).length, answered_by: recorder === null ? 'nothing to reach' : hasStandIn ? 'stand-in' : 'empty answers',
      })),
      legitimate: honest, malformed_lines: malformed, leaks: tally.leaks, seconds: Math.round(performance.now() - started) / 1_000,
    };
  } finally {
    for (const peer of peers) await peer.stop();
  }
}

async function inWorld<T>(peers: readonly Peer[], pdp: DecisionPoint, work: (world: World) => Promise<T>): Promise<T> {
  const world = createWorld(peers, pdp);
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}
