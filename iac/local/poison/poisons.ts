/** A way in, and something bad that comes by it. */
export type Poison =
  /** The body of a webhook, signed as it is; `secret`: by somebody else. */
  | { readonly by: 'webhook'; readonly name: string; readonly body: (n: number) => string; readonly secret?: 'of_another_tenant' }
  /** A row of the mailbox, as whoever may write there could leave it. */
  | { readonly by: 'delivery'; readonly name: string; readonly payload: (n: number) => string; readonly source?: 'manual'; readonly event?: string; readonly place?: 'of_another_tenant' }
  /**
   * What the system of record answers when the ticket is read. `harmless`: what cannot be kept is replaced by a character that people see
   * (U+FFFD), and the run goes on with that.
   */
  | { readonly by: 'ticket'; readonly name: string; readonly answer: (id: string) => string; readonly becomes?: 'harmless' }
  /** A message of the queue. */
  | { readonly by: 'message'; readonly name: string; readonly text: (tenantId: string, n: number) => string };

const MIB = 1_048_576;
const DEEP = 10_000;

const deep = `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`;
const huge = 'x'.repeat(MIB);
const event = (n: number, more: string): string => `{"id":"bad-${n}","version":0,"operation":"create","by":"somebody"${more}}`;
const record = (id: string, title: string): string => `{"id":${JSON.stringify(id)},"title":${title},"category":"none","version":0}`;

/** What a run may meet from outside; each kind comes as often as the others. */
export const POISONS: readonly Poison[] = [
  { by: 'webhook', name: 'a NUL', body: (n) => event(n, String.raw`,"more":"\u0000"`) },
  { by: 'webhook', name: 'a lone surrogate', body: (n) => event(n, String.raw`,"more":"\ud800"`) },
  { by: 'webhook', name: 'a MiB', body: (n) => event(n, `,"more":"${huge}"`) },
  { by: 'webhook', name: 'depth 10,000', body: (n) => event(n, `,"more":${deep}`) },
  { by: 'webhook', name: 'duplicate keys', body: (n) => event(n, ',"id":"other"') },
  { by: 'webhook', name: 'no JSON', body: (n) => `<event id="bad-${n}"/>` },
  { by: 'webhook', name: 'an unknown operation', body: (n) => `{"id":"bad-${n}","version":0,"operation":"upgraded","by":"somebody"}` },
  { by: 'webhook', name: 'another shape', body: (n) => `{"v":99,"event":{"id":"bad-${n}"}}` },
  { by: 'webhook', name: 'another tenant', body: (n) => event(n, ''), secret: 'of_another_tenant' },
  { by: 'delivery', name: 'a NUL', payload: (n) => event(n, String.raw`,"more":"\u0000"`) },
  { by: 'delivery', name: 'a list', payload: (n) => `["bad-${n}"]` },
  { by: 'delivery', name: 'a workflow that is none', payload: (n) => `{"workflow":${n},"trigger":{}}`, source: 'manual' },
  { by: 'delivery', name: 'a workflow of nobody', payload: () => '{"workflow":"no-such-workflow","trigger":{}}', source: 'manual' },
  { by: 'delivery', name: 'an unknown event', payload: (n) => event(n, ''), event: 'record.upgraded' },
  { by: 'delivery', name: 'depth 10,000', payload: (n) => event(n, `,"more":${deep}`) },
  { by: 'delivery', name: 'three MiB', payload: (n) => event(n, `,"more":"${huge}${huge}${huge}"`) },
  { by: 'delivery', name: 'another tenant', payload: (n) => event(n, ''), place: 'of_another_tenant' },
  { by: 'ticket', name: 'a NUL', answer: (id) => record(id, String.raw`"a\u0000ticket"`), becomes: 'harmless' },
  { by: 'ticket', name: 'a lone surrogate', answer: (id) => record(id, String.raw`"a\ud800ticket"`), becomes: 'harmless' },
  { by: 'ticket', name: 'nine MiB', answer: (id) => record(id, `"${huge.repeat(9)}"`) },
  { by: 'ticket', name: 'depth 10,000', answer: (id) => record(id, deep) },
  { by: 'ticket', name: 'another version', answer: (id) => `{"v":99,"record":${JSON.stringify(id)}}` },
  { by: 'ticket', name: 'no JSON', answer: () => '<html>Service temporarily unavailable</html>' },
  { by: 'message', name: 'no JSON', text: () => 'wake up' },
  { by: 'message', name: 'a NUL', text: (tenant) => String.raw`{"v":1,"tenant_id":"${tenant}","run_id":"run_\u0000"}` },
  { by: 'message', name: 'an unknown version', text: (tenant, n) => JSON.stringify({ v: 99, tenant_id: tenant, run_id: `run_${n}` }) },
  { by: 'message', name: 'much of it', text: (tenant) => JSON.stringify({ v: 1, tenant_id: tenant, run_id: `run_${'0'.repeat(200_000)}` }) },
  { by: 'message', name: 'depth 10,000', text: () => deep },
  { by: 'message', name: 'another tenant', text: () => JSON.stringify({ v: 1, tenant_id: 'ten_01kaf9k7kxe5xv4wc5fq4c5v5e', run_id: 'run_01kaf9k7kxe5xv4wc5fq4c5v5e' }) },
];

export const GOOD_RECORD = (id: string): string => record(id, '"a ticket"');
export const GOOD_EVENT = (n: number): string => `{"id":"good-${n}","version":0,"operation":"create","by":"somebody"}`;
