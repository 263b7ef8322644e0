import { parseArgs } from 'node:util';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { startTestPostgres } from '../test/postgres-setup.ts';
import { interleave } from './interleaved.ts';
import { makeWorld } from './repository-world.ts';
import { walk } from './walk.ts';

const USAGE = `Usage: npm run isolation -- [--tenants N] [--json]

Calls every operation of the API, by every role and kind of credential of every tenant (default 3), with the ids of every other tenant: in the
path, in query and body, and as the workspace to act in; and compares each answer with that to the same request about things that do not exist.
Meanwhile nothing of other tenants may stand in an answer, and no row of theirs may change. Then 1,000 requests of all tenants are mixed over
two connections to the database. Ends with 0 when nothing was read, changed or told apart, and nothing leaked.
With --json the figures are one object on stdout: npm run --silent isolation -- --json`;

const CONNECTIONS = 2;
const INTERLEAVED = 1_000;

/** `npm run isolation` */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { tenants: { type: 'string' }, roles: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  const tenants = Number(values.tenants ?? 3);
  if (values.help === true || !Number.isInteger(tenants) || tenants < 2 || tenants > 10) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const server = await startTestPostgres();
  try {
    const roles = values.roles?.split(',') ?? [...EVERY_ROLE, 'custom'];
    const world = await makeWorld({ tenants, roles, byEverything: ['admin', 'custom'], connections: CONNECTIONS, adminUrl: server.adminUrl });
    const mixed = await interleave(world, INTERLEAVED, CONNECTIONS);
    const walked = await walk(world);
    await world.stop();
    const figures = { tenants, roles, walk: walked, interleaved: mixed };
    process.stdout.write(values.json === true ? `${JSON.stringify(figures)}\n` : `${JSON.stringify(figures, null, 2)}\n`);
    const { reads, writes, differences, uncovered, failed, unseen } = walked;
    return reads + writes + differences + uncovered.length + failed.length + unseen.length + mixed.leaks + mixed.wrong === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

process.exit(await main());
