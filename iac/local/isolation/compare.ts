/** What is seen of an answer. */
export interface Seen {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/** Their values, or that they are there at all, depend on the moment. */
const PASSING_HEADERS = ['date', 'content-length', 'keep-alive', 'connection'];

export async function seen(response: Response): Promise<Seen> {
  return { status: response.status, headers: [...response.headers.keys()].filter((name) => !PASSING_HEADERS.includes(name)).toSorted(), body: Buffer.from(await response.arrayBuffer()).toString('utf8') };
}

/** The answer without what was sent, and without ids and times of its own: two of the same kind are equal, to the letter of their messages. */
export function normalised(answer: Seen, sent: readonly string[]): string {
  let body = answer.body;
  for (const value of sent.toSorted((a, b) => b.length - a.length)) body = body.replaceAll(value, '<sent>').replaceAll(encodeURIComponent(value), '<sent>');
  return `${answer.status} ${answer.headers.join(' ')} ${body
    .replaceAll(/[a-z]{3,4}_[0-7][0-9a-hjkmnp-tv-z]{25}/g, '<id>').replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g, '<time>')
    .replaceAll(/planted-\d+/g, '<name>').replaceAll(/[0-9a-f]{64}/g, '<digest>').replaceAll(/"(password|secret|key|client_secret|token)":"[^"]+"/g, '"$1":"<secret>"')}`;
}

/** Where two answers part, for whoever has to find out why. */
export function parting(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const from = Math.max(0, at - 60);
  return `…${a.slice(from, at + 160)} | …${b.slice(from, at + 160)}`;
}
