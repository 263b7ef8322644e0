import type { ActionContext, JsonObject } from '../../sdk/connector.ts';
import { joinSubcategory, SOURCE_CONNECTOR, ticketId } from '../labels.ts';
import type { LabelName } from '../labels.ts';
import type { LabelledTicket } from '../model.ts';

/** Small enough that a page of long tickets stays far below what egress accepts. */
const PAGE = 250;
const FIELDS = ['sys_id', 'number', 'short_description', 'description', 'category', 'subcategory', 'assignment_group', 'impact', 'urgency'];

export interface ApprovedLabels {
  readonly sys_id: string;
  readonly labels: Partial<Record<LabelName, string>>;
}

/**
 * The newest resolved and closed incidents of an instance, and those that people approved values for, read page by page through the
 * gateway. Where both say something, what people approved counts.
 */
export async function resolvedTickets(
  context: ActionContext,
  source: { readonly name: string },
  { labels, limit, approved }: { readonly labels: readonly LabelName[]; readonly limit: number; readonly approved: readonly ApprovedLabels[] },
): Promise<LabelledTicket[]> {
  const read = (query: string, count: number, offset: number): Promise<JsonObject[]> => readPage(context, source.name, query, count, offset);
  const records = new Map<string, JsonObject>();
  for (let offset = 0; offset < limit; offset += PAGE) {
    const page = await read('stateIN6,7^ORDERBYDESCsys_created_on^ORDERBYsys_id', Math.min(PAGE, limit - offset), offset);
    for (const record of page) records.set(String(record['sys_id']), record);
    if (page.length < PAGE) break;
  }
  const missing = approved.map(({ sys_id }) => sys_id).filter((sysId) => !records.has(sysId));
  for (let from = 0; from < missing.length; from += PAGE) {
    const page = await read(`sys_idIN${missing.slice(from, from + PAGE).join(',')}^ORDERBYsys_id`, PAGE, 0);
    // Open tickets carry values nobody has confirmed: only the approved ones are learnt from them.
    for (const record of page) records.set(String(record['sys_id']), { ...record, category: '', subcategory: '', assignment_group: '', impact: '', urgency: '' });
  }
  const approvedOf = new Map(approved.map((each) => [each.sys_id, each.labels]));
  return [...records.values()].map((record) => ticketOf(record, labels, approvedOf.get(String(record['sys_id'])) ?? {}));
}

async function readPage(context: ActionContext, instance: string, query: string, limit: number, offset: number): Promise<JsonObject[]> {
  const { records } = await context.call(`${SOURCE_CONNECTOR}/incident.query`, { query, fields: FIELDS, limit, offset }, { instance });
  return records as JsonObject[];
}

function ticketOf(record: JsonObject, labels: readonly LabelName[], approved: Partial<Record<LabelName, string>>): LabelledTicket {
  const group = record['assignment_group'];
  const stored = (name: LabelName): string => {
    if (name === 'assignment_group') return typeof group === 'object' && group !== null && !Array.isArray(group) ? String(group['display_value']) : '';
    return String(record[name] ?? '');
  };
  const value = (name: LabelName): string => approved[name] ?? stored(name);
  return {
    id: ticketId(String(record['sys_id']), String(record['number'])),
    short_description: String(record['short_description'] ?? ''),
    description: String(record['description'] ?? ''),
    labels: Object.fromEntries(labels.map((name) => [name, name === 'subcategory' ? joinSubcategory(value('category'), value('subcategory')) : value(name)])),
  };
}
