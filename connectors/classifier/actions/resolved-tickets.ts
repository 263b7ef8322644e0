import type { ActionContext, JsonObject } from '../../sdk/connector.ts';
import { joinSubcategory, SOURCE_CONNECTOR, ticketId } from '../labels.ts';
import type { LabelName } from '../labels.ts';
import type { LabelledTicket } from '../model.ts';

/** Small enough that a page of long tickets stays far below what egress accepts. */
const PAGE = 250;
const FIELDS = ['sys_id', 'number', 'short_description', 'description', 'category', 'subcategory', 'assignment_group', 'impact', 'urgency'];

/**
 * The newest resolved and closed incidents of an instance, and those whose update people approved (their values are confirmed before
 * they are resolved), read page by page through the gateway.
 */
export async function resolvedTickets(
  context: ActionContext,
  source: { readonly name: string },
  { labels, limit, approved }: { readonly labels: readonly LabelName[]; readonly limit: number; readonly approved: readonly string[] },
): Promise<LabelledTicket[]> {
  const read = (query: string, count: number, offset: number): Promise<JsonObject[]> => readPage(context, source.name, query, count, offset);
  const records = new Map<string, JsonObject>();
  for (let offset = 0; offset < limit; offset += PAGE) {
    const page = await read('stateIN6,7^ORDERBYDESCsys_created_on^ORDERBYsys_id', Math.min(PAGE, limit - offset), offset);
    for (const record of page) records.set(String(record['sys_id']), record);
    if (page.length < PAGE) break;
  }
  const missing = approved.filter((sysId) => !records.has(sysId));
  for (let from = 0; from < missing.length; from += PAGE) {
    const page = await read(`sys_idIN${missing.slice(from, from + PAGE).join(',')}^ORDERBYsys_id`, PAGE, 0);
    for (const record of page) records.set(String(record['sys_id']), record);
  }
  return [...records.values()].map((record) => ticketOf(record, labels));
}

async function readPage(context: ActionContext, instance: string, query: string, limit: number, offset: number): Promise<JsonObject[]> {
  const { records } = await context.call(`${SOURCE_CONNECTOR}/incident.query`, { query, fields: FIELDS, limit, offset }, { instance });
  return records as JsonObject[];
}

function ticketOf(record: JsonObject, labels: readonly LabelName[]): LabelledTicket {
  const group = record['assignment_group'];
  const value = (name: LabelName): string => {
    if (name === 'assignment_group') return typeof group === 'object' && group !== null && !Array.isArray(group) ? String(group['display_value']) : '';
    return String(record[name] ?? '');
  };
  return {
    id: ticketId(String(record['sys_id']), String(record['number'])),
    short_description: String(record['short_description'] ?? ''),
    description: String(record['description'] ?? ''),
    labels: Object.fromEntries(labels.map((name) => [name, name === 'subcategory' ? joinSubcategory(value('category'), value('subcategory')) : value(name)])),
  };
}
