import type { ActionContext, JsonObject } from '../../sdk/connector.ts';
import { GIVEN, joinSubcategory, NOT_GIVEN, tagLabel, ticketId } from '../labels.ts';
import type { LabelName } from '../labels.ts';
import type { LabelledTicket } from '../model.ts';
import type { Source } from './source-instance.ts';

/** Subjects are asked for in parts of this size. */
const PART = 250;
/** Fewer examples of a tag, or of its absence, say nothing. */
const MIN_EXAMPLES = 20;
/** The most used ones; each is a label of its own to learn. */
const MAX_TAGS = 20;

/** A ticket as a source gives it: `learning.tickets` of its manifest. */
interface SourceTicket {
  readonly id: string;
  readonly number: string;
  readonly short_description: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/**
 * The newest finished tickets of an instance, and those whose write people approved (their values are confirmed before they are
 * finished), read page by page through the gateway. `labels`: those asked for, and one for each tag with enough examples.
 */
export async function resolvedTickets(
  context: ActionContext,
  source: Source,
  { labels, limit, approved }: { readonly labels: readonly LabelName[]; readonly limit: number; readonly approved: readonly string[] },
): Promise<{ readonly tickets: LabelledTicket[]; readonly labels: string[] }> {
  const found = new Map<string, SourceTicket>();
  let cursor: string | null = null;
  do {
    const page = await readPage(context, source, cursor === null ? {} : { cursor });
    for (const ticket of page.tickets.slice(0, limit - found.size)) found.set(ticket.id, ticket);
    cursor = page.cursor;
  } while (cursor !== null && found.size < limit);
  const missing = approved.filter((id) => !found.has(id));
  for (let from = 0; from < missing.length; from += PART) {
    const part = await readPage(context, source, { ids: missing.slice(from, from + PART) });
    for (const ticket of part.tickets) found.set(ticket.id, ticket);
  }
  const tickets = [...found.values()];
  const tags = learnableTags(tickets);
  return { tickets: tickets.map((ticket) => labelled(ticket, labels, tags)), labels: [...labels, ...tags.map(tagLabel)] };
}

async function readPage(context: ActionContext, { connector, name, action }: Source, parameters: JsonObject): Promise<{ tickets: SourceTicket[]; cursor: string | null }> {
  return await context.call(`${connector}/${action}`, parameters, { instance: name }) as unknown as { tickets: SourceTicket[]; cursor: string | null };
}

/** A ticket without any tag was not tagged at all: it is no example of a tag's absence. */
function learnableTags(tickets: readonly SourceTicket[]): string[] {
  const counts = new Map<string, number>();
  const tagged = tickets.filter(({ tags }) => tags.length > 0);
  for (const { tags } of tagged) for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= MIN_EXAMPLES && tagged.length - count >= MIN_EXAMPLES)
    .toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, MAX_TAGS)
    .map(([tag]) => tag);
}

function labelled({ id, number, short_description, description, labels: values, tags: its }: SourceTicket, labels: readonly LabelName[], tags: readonly string[]): LabelledTicket {
  const value = (name: LabelName): string => values[name] ?? '';
  return {
    id: ticketId(id, number), short_description, description,
    labels: {
      ...Object.fromEntries(labels.map((name) => [name, name === 'subcategory' ? joinSubcategory(value('category'), value('subcategory')) : value(name)])),
      ...(its.length === 0 ? {} : Object.fromEntries(tags.map((tag) => [tagLabel(tag), its.includes(tag) ? GIVEN : NOT_GIVEN]))),
    },
  };
}
