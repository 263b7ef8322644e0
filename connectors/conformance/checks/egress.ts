import type { Bench } from '../bench.ts';
import { demand } from '../failure.ts';
import { actionsOf, ready, told, writesOf } from './check.ts';
import type { Check } from './check.ts';

/** Nothing goes anywhere but to the instance, and looking at a write does not make it. */
export function egressChecks(bench: Bench): Check[] {
  const { proxy } = bench;
  if (proxy === null) return [];
  return [
    {
      name: 'egress: the instance is all that is reached, and is among the declared hosts',
      run: async () => {
        const { hosts = ['{instance}'] } = bench.connector.manifest;
        demand(hosts.length > 0, 'The manifest declares no hosts, but the connector sends. Add `{instance}` or the names of the hosts.');
        for (const [name] of actionsOf(bench)) {
          const world = bench.world();
          const result = await world.call(name, await ready(bench, world, name));
          demand(result.kind === 'succeeded', `${name}, which may reach the instance alone, ended as ${told(result)}.`);
        }
      },
    },
    ...writesOf(bench).map(([name]) => ({
      name: `${name}: preparing it only reads`,
      run: async () => {
        const { effects } = bench.subjectOf(name);
        const before = bench.world();
        const parameters = await ready(bench, before, name);
        await proxy.clear();
        const count = await effects?.(parameters);
        const world = bench.world({ writes: 'ask' });
        const result = await world.call(name, parameters);
        demand(result.kind === 'waiting_for_approval', `${name} should have waited for people after \`prepare\`, and ended as ${told(result)}.`);
        const changing = proxy.seen().filter((request) => request.method !== 'GET' && !bench.isAuthentication(request));
        demand(changing.length === 0, `${name}: \`prepare\` sent ${changing.map(({ method, path }) => `${method} ${path}`).join(', ')}. It may only read: move what changes something to \`execute\`.`);
        demand(await effects?.(parameters) === count, `${name}: the effect was there after \`prepare\`, before anybody had approved it.`);
        const { preview, target } = world.gateway.store.approvals().at(-1)!.request;
        demand(preview.title !== '' && target.id !== '', `${name}: people see neither a title nor a target. Fill \`preview.title\` and \`target\` in \`prepare\`.`);
        demand(preview.fields.length + preview.additions.length > 0, `${name}: the preview shows no field and no text, so people would approve what they cannot see. Fill \`preview.fields\` or \`preview.additions\`.`);
      },
    })),
  ];
}
