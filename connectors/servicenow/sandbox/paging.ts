/** Limit, offset, and the `Link` and `X-Total-Count` headers of a list. Source: Table API documentation. */
import type { SandboxRequest } from './requests.ts';

export interface Page {
  limit: number;
  offset: number;
}

const DEFAULT_LIMIT = 10_000;

/** Unreadable numbers count as not given. */
export function pageOf(query: URLSearchParams): Page {
  return { limit: wholeNumber(query.get('sysparm_limit'), DEFAULT_LIMIT), offset: wholeNumber(query.get('sysparm_offset'), 0) };
}

export function pageHeaders(request: SandboxRequest, page: Page, total: number): Record<string, string> {
  const headers: Record<string, string> = {};
  if (request.query.get('sysparm_no_count') !== 'true') headers['x-total-count'] = String(total);
  if (request.query.get('sysparm_suppress_pagination_header') !== 'true') headers['link'] = linksOf(request, page, total);
  return headers;
}

function linksOf(request: SandboxRequest, { limit, offset }: Page, total: number): string {
  const link = (rel: string, at: number): string => {
    const query = new URLSearchParams(request.query);
    query.set('sysparm_limit', String(limit));
    query.set('sysparm_offset', String(at));
    return `<${request.baseUrl}${request.path}?${query}>;rel="${rel}"`;
  };
  const last = limit === 0 ? 0 : Math.max(0, Math.floor((total - 1) / limit) * limit);
  return [
    ...(offset + limit < total ? [link('next', offset + limit)] : []),
    ...(offset > 0 ? [link('prev', Math.max(0, offset - limit))] : []),
    link('first', 0),
    link('last', last),
  ].join(',');
}

function wholeNumber(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
}
