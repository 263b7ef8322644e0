import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { EgressFactory } from '@countersign/connectors/gateway/instance-egresses.ts';
import type { PrepareResult } from '@countersign/contracts/agent/order-results.ts';
import { servicenowOrder, Workplace } from './workplace.ts';

/**
 * Run by a test: an agent that writes to the ticket `sysId` at the sandbox `url` and ends in between, as if it was killed: `before` its request leaves, or `after` it was
 * answered. Says the id of the order that it was carrying out.
 */
const [folder = '', url = '', sysId = '', where = ''] = process.argv.slice(2);

const cut: EgressFactory = (options) => {
  const egress = createEgress(options);
  return {
    ...egress,
    request: async (request) => {
      if (request.method === 'GET') return egress.request(request);
      if (where === 'after') await egress.request(request);
      process.exit(9);
    },
  };
};

const parameters = { sys_id: sysId, category: 'network', subcategory: 'vpn', work_note: 'Written by an agent that ended.' };
const place = await Workplace.open({ folder, url, egress: cut });
const prepared = await place.carriedOut(await servicenowOrder({ kind: 'prepare', action: 'incident.update', parameters }));
const intake = await place.runner.take(await servicenowOrder({ kind: 'execute', action: 'incident.update', parameters: {}, prepared: prepared?.result as unknown as PrepareResult }));
process.stdout.write(intake.kind === 'accepted' ? intake.verified.order.id : JSON.stringify([intake, place.lines]));
