import type { Fault, SeenRequest } from '../http/fault-proxy.ts';
import type { Bench } from '../bench.ts';
import { demand } from '../failure.ts';
import { ready, told, writesOf } from './check.ts';
import type { Check } from './check.ts';

const LOST_ANSWERS: ReadonlyArray<readonly [string, Fault]> = [
  ['lost before it was sent', { kind: 'lost_before_send' }],
  ['lost after it was sent', { kind: 'lost_after_send' }],
  ['lost after its effect', { kind: 'lost_after_effect' }],
  ['answered by a proxy after its effect', { kind: 'answer_replaced_after_effect' }],
];
const ATTEMPTS = 6;

/** A write happens once: when all goes well, when it is said twice, and when its answer is lost at any point. */
export function writeChecks(bench: Bench): Check[] {
  return writesOf(bench).flatMap(([name, manifest]) => {
    const once = (request: SeenRequest): boolean => request.method !== 'GET' && !bench.isAuthentication(request);
    const countFor = async (run: (world: ReturnType<Bench['world']>, parameters: Awaited<ReturnType<typeof ready>>) => Promise<void>): Promise<number> => {
      const world = bench.world();
      const parameters = await ready(bench, world, name);
      const { effects } = bench.subjectOf(name);
      demand(effects !== undefined, `conformance.ts counts no effects for ${name}. Add \`effects\`, which counts them in the stand-in's own records.`);
      await run(world, parameters);
      await bench.proxy?.clear();
      return effects(parameters);
    };
    return [
      {
        name: `${name}: has its effect, and one step makes it once however often it is run`,
        run: async () => {
          const count = await countFor(async (world, parameters) => {
            const result = await world.untilDone(name, parameters, 1);
            demand(result.kind === 'succeeded', `${name} ended as ${told(result)}.`);
          });
          demand(count === 1, `${name} succeeded, and its effect is at the stand-in ${count} times instead of once. Mend the action, or \`effects\` in conformance.ts.`);
        },
      },
      ...(manifest.idempotent ? [{
        name: `${name}: said twice, by two steps, it is there once (\`idempotent: true\`)`,
        run: async () => {
          const count = await countFor(async (world, parameters) => {
            for (const time of ['first', 'second']) {
              const result = await world.call(name, parameters);
              demand(result.kind === 'succeeded', `${name}, the ${time} time, ended as ${told(result)}.`);
            }
          });
          demand(count === 1, `${name} says \`idempotent: true\`, and two calls had ${count} effects. Say \`idempotent: false\` and add \`reconcile\`, or give the peer an idempotency key.`);
        },
      }] : []),
      ...(bench.proxy === null ? [] : LOST_ANSWERS.map(([when, fault]): Check => ({
        name: `${name}: ${when}, it is there exactly once in the end`,
        run: async () => {
          const count = await countFor(async (world, parameters) => {
            bench.proxy?.fail(fault, once, 'once');
            const result = await world.untilDone(name, parameters, ATTEMPTS, async () => {
              // What is on its way arrives before anybody looks again, as it does when the transaction's time is over.
              await bench.proxy?.clear();
            });
            demand(result.kind === 'succeeded', `${name}, ${when}, was still ${told(result)} after ${ATTEMPTS} attempts. \`reconcile\` must find out whether it happened.`);
          });
          demand(count === 1, `${name}, ${when}: its effect is at the stand-in ${count} times instead of once. \`reconcile\` said ${count > 1 ? '"not happened" of what had' : '"happened" of what had not'}.`);
        },
      }))),
    ];
  });
}
