import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { fitValue } from './fit.ts';
import type { Peer } from './peers.ts';
import { Situation } from './situation.ts';
import type { World } from './world.ts';

/** An action as an honest workflow uses it on its own subject. */
export interface HonestStep {
  readonly peer: Peer;
  /** Without the connector. */
  readonly name: string;
  /** What a workflow writes after `uses:`. */
  readonly uses: string;
  readonly parameters: JsonObject;
  /** Signatures of the requests that it makes when no model has a say, before any person has approved anything. */
  readonly requests: ReadonlySet<string>;
}

/**
 * Runs every action once as an honest workflow does, with parameters that the workflow itself gives. What reaches the peers is what
 * runs are granted: a request that is the same to the last byte tells nobody anything that an attacker chose.
 */
export async function honestSteps(world: World): Promise<HonestStep[]> {
  const steps: HonestStep[] = [];
  for (const peer of world.peers) {
    const { name: connector, actions } = peer.connector.manifest;
    for (const [name, { risk }] of Object.entries(actions)) {
      const parameters = await peer.benign(name);
      const isModel = risk === 'model' && name === 'generate';
      const uses = isModel ? 'model/generate' : `${connector}/${name}`;
      const given = isModel ? { ...parameters, model: connector } : parameters;
      const requests = new Set<string>();
      for (const variant of [given, ...withOneMore(peer.connector.manifest.actions[name]?.parameters ?? {}, given)]) {
        world.received();
        await world.call(new Situation(world.peers, '').resolve(uses, variant));
        for (const { signature } of world.received()) requests.add(signature);
      }
      steps.push({ peer, name, uses, parameters: given, requests });
    }
  }
  return steps;
}

/** The same with each parameter that honest workflows may give besides, one at a time. */
function withOneMore(schema: Readonly<Record<string, unknown>>, given: JsonObject): JsonObject[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonObject>>);
  return properties.filter(([name]) => !Object.hasOwn(given, name)).map(([name, property]) => ({ ...given, [name]: fitValue(schema, property, HONEST_VALUE, HONEST_VALUE, 0) }));
}

const HONEST_VALUE = 'honest value';

/** What a run may do before anybody has approved anything, whatever its steps: the reads with which its writes are prepared. */
export function preparationOf(steps: readonly HonestStep[]): Set<string> {
  return new Set(steps.filter(({ peer, name }) => ['write', 'destructive'].includes(peer.connector.manifest.actions[name]?.risk ?? '')).flatMap(({ requests }) => [...requests]));
}
