import type { JsonObject, Reconciler, ReconcilerContext } from '../sdk/connector.ts';

/**
 * How far back each poll looks again: several records share a second, and a long transaction shows up later than the time it carries.
 * Versions seen before are the same deliveries and start nothing.
 */
const OVERLAP_MS = 60_000;
const PAGE = 200;
/** A poll ends here at the latest and the next goes on where it stopped. */
const MAX_PAGES = 25;
const FIELDS = ['sys_id', 'number', 'sys_mod_count', 'sys_updated_on', 'sys_updated_by', 'sys_created_on'];

/** Finds incidents whose webhook was lost; for agents without a way in it is the whole trigger. The cursor is a time, `YYYY-MM-DD HH:mm:ss` in UTC. */
export const incidentReconciler: Reconciler = {
  events: ['incident.created', 'incident.updated'],
  async poll(context, cursor) {
    if (cursor === null) return { cursor: glideTime(context.now()), found: [] };
    const since = glideTime(new Date(parseGlideTime(cursor).getTime() - OVERLAP_MS));
    const records = await changedSince(context, since);
    const integrationUser = context.instance.settings['integration_user'];
    return {
      cursor: records.reduce((latest, record) => (String(record['sys_updated_on']) > latest ? String(record['sys_updated_on']) : latest), cursor),
      found: records.filter((record) => record['sys_updated_by'] !== integrationUser).flatMap((record) => payloadsOf(record, since)),
    };
  },
};

/** Pages stay in place because they are ordered by a time that only grows; a record changed meanwhile comes again at the end. */
async function changedSince(context: ReconcilerContext, since: string): Promise<JsonObject[]> {
  const records: JsonObject[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const output = await context.call('servicenow/incident.query', {
      query: `sys_updated_on>=${since}^ORDERBYsys_updated_on^ORDERBYsys_id`, fields: FIELDS, limit: PAGE, offset: page * PAGE,
    });
    const found = output['records'] as JsonObject[];
    records.push(...found);
    if (found.length < PAGE) break;
  }
  return records;
}

/**
 * As the business rule sends it. A record made within the window counts as an insert: the version 0 that said so may be what was lost. Its
 * later version is an update too.
 */
function payloadsOf(record: JsonObject, since: string): JsonObject[] {
  const isFirst = record['sys_mod_count'] === '0';
  const isNew = isFirst || String(record['sys_created_on']) >= since;
  const payload = {
    table: 'incident', sys_id: record['sys_id'] ?? '', number: record['number'] ?? '', sys_mod_count: record['sys_mod_count'] ?? '', sys_updated_by: record['sys_updated_by'] ?? '',
  };
  return [...(isNew ? [{ ...payload, operation: 'insert' }] : []), ...(isFirst ? [] : [{ ...payload, operation: 'update' }])];
}

function glideTime(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ');
}

function parseGlideTime(text: string): Date {
  return new Date(`${text.replace(' ', 'T')}Z`);
}
