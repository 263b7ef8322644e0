/**
 * The sandbox for people: the latest tickets, one ticket with its journal, and a form that raises a ticket. Rendered
 * here, works without JavaScript, and says on every page that it is not ServiceNow.
 */
import type { Answer } from './answers.ts';
import { emptyAnswer, htmlAnswer } from './answers.ts';
import { choiceLabel } from './choices.ts';
import { referenceDisplay } from './field-paths.ts';
import { TableApiError } from './errors.ts';
import { journalEntries } from './journals.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { SandboxRequest } from './requests.ts';
import type { RecordStore, Row } from './store.ts';
import type { TicketDesk } from './tickets.ts';

export interface PageContext {
  store: RecordStore;
  tickets: TicketDesk;
}

const LISTED = 50;
const PAGE_HEADERS = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", 'cache-control': 'no-store' };

/** Answers a request for a page. Throws `TableApiError` 404 for an unknown path. */
export function answerPageRequest(context: PageContext, request: SandboxRequest): Answer {
  if (request.method === 'GET' && request.path === '/') return page('Incidents', listPage(context.store));
  if (request.method === 'POST' && request.path === '/tickets') return raiseTicket(context, request);
  const number = /^\/tickets\/(INC\d+)$/.exec(request.path)?.[1];
  const row = number === undefined ? undefined : context.store.rowsWhere('incident', 'number', number)[0];
  if (request.method === 'GET' && row !== undefined) return page(row['number'] ?? '', ticketPage(context.store, row));
  return page('Not found', '<h1>Not found</h1><p>There is no such page or ticket. <a href="/">All tickets</a></p>', 404);
}

function raiseTicket(context: PageContext, request: SandboxRequest): Answer {
  // A form on somebody else's page must not raise tickets here.
  const { origin, host } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`) throw new TableApiError(403, 'User Not Authorized', 'The form was sent from another site');
  const form = new URLSearchParams(request.body.toString('utf8'));
  const shortDescription = form.get('short_description')?.trim() ?? '';
  const [ticket] = context.tickets.raise(
    shortDescription === '' ? { count: 1 } : { count: 1, short_description: shortDescription, description: form.get('description') ?? '' },
  );
  return emptyAnswer(303, { location: `/tickets/${ticket?.number}` });
}

function listPage(store: RecordStore): string {
  const latest = store.rows('incident').slice(-LISTED).toReversed();
  return `
    <div class="columns">
      <section>
        <h1>Incidents <small>latest ${latest.length} of ${store.count('incident')}</small></h1>
        <div class="scroll"><table>
          <thead><tr><th>Number</th><th>Short description</th><th>State</th><th>Priority</th><th>Category</th><th>Assignment group</th><th>Updated (UTC)</th></tr></thead>
          <tbody>${latest.map((row) => listRow(store, row)).join('')}</tbody>
        </table></div>
      </section>
      <aside>
        <h2>Raise a ticket</h2>
        <form method="post" action="/tickets">
          <label>Short description <input name="short_description" maxlength="160" autocomplete="off"></label>
          <label>Description <textarea name="description" rows="7"></textarea></label>
          <p class="hint">Leave both empty and the sandbox makes up a plausible ticket.</p>
          <button type="submit">Raise a ticket</button>
        </form>
      </aside>
    </div>`;
}

function listRow(store: RecordStore, row: Row): string {
  const label = (name: string): string => escapeHtml(choiceLabel(store, 'incident', name, row[name] ?? '', row));
  const group = escapeHtml(referenceDisplay(store, 'sys_user_group', row['assignment_group'] ?? ''));
  return `<tr>
    <td><a href="/tickets/${escapeHtml(row['number'] ?? '')}">${escapeHtml(row['number'] ?? '')}</a></td>
    <td class="text">${escapeHtml(row['short_description'] ?? '')}</td>
    <td><span class="tag state-${escapeHtml(row['state'] ?? '')}">${label('state')}</span></td>
    <td>${label('priority')}</td><td>${label('category') || '<i>none</i>'}</td><td class="group">${group || '<i>none</i>'}</td>
    <td class="time">${escapeHtml((row['sys_updated_on'] ?? '').slice(0, 16))}</td>
  </tr>`;
}

function ticketPage(store: RecordStore, row: Row): string {
  const label = (name: string): string => choiceLabel(store, 'incident', name, row[name] ?? '', row);
  const person = (name: string): string => referenceDisplay(store, 'sys_user', row[name] ?? '');
  const facts: ReadonlyArray<readonly [string, string]> = [
    ['State', label('state')], ['Priority', label('priority')], ['Impact', label('impact')], ['Urgency', label('urgency')],
    ['Category', label('category')], ['Subcategory', label('subcategory')],
    ['Assignment group', referenceDisplay(store, 'sys_user_group', row['assignment_group'] ?? '')], ['Assigned to', person('assigned_to')],
    ['Caller', person('caller_id')], ['Opened (UTC)', row['opened_at'] ?? ''], ['Updated (UTC)', row['sys_updated_on'] ?? ''],
    ['Updated by', row['sys_updated_by'] ?? ''], ['Updates', row['sys_mod_count'] ?? '0'], ['Resolution', label('close_code')],
  ];
  const entries = journalEntries(store, row['sys_id'] ?? '', ['comments', 'work_notes']);
  return `
    <p><a href="/">All tickets</a></p>
    <h1>${escapeHtml(row['number'] ?? '')} <small>${escapeHtml(row['short_description'] ?? '')}</small></h1>
    <div class="columns">
      <section>
        <h2>Description</h2><pre>${escapeHtml(row['description'] ?? '') || '<i>empty</i>'}</pre>
        ${row['close_notes'] === undefined ? '' : `<h2>Resolution notes</h2><pre>${escapeHtml(row['close_notes'])}</pre>`}
        <h2>Journal</h2>${entries.map(journalEntryHtml).join('') || '<p class="hint">No entries.</p>'}
      </section>
      <aside><dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value) || '<i>none</i>'}</dd></div>`).join('')}</dl></aside>
    </div>`;
}

function journalEntryHtml(entry: Row): string {
  const kind = entry['element'] === 'work_notes' ? 'Work note (internal)' : 'Comment (caller sees it)';
  return `<article><header>${kind} by ${escapeHtml(entry['sys_created_by'] ?? '')}, ${escapeHtml(entry['sys_created_on'] ?? '')} UTC</header><pre>${escapeHtml(entry['value'] ?? '')}</pre></article>`;
}

function page(title: string, content: string, status = 200): Answer {
  return htmlAnswer(status, `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} - ServiceNow sandbox</title><style>${PAGE_STYLE}</style></head>
<body>
  <div class="banner" role="note"><strong>Sandbox: not ServiceNow.</strong> A stand-in made by Countersign that follows ServiceNow's documented API. Everything in it is made up.</div>
  <main>${content}</main>
</body>
</html>`, PAGE_HEADERS);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
