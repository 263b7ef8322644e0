import type { JsonObject } from '../sdk/connector.ts';
import { numberOf, objectOf, textOf } from './client.ts';

/** UTF-16 code units; GitHub's own limit, kept because an Enterprise Server may have another. */
const MAX_TEXT = 65_536;

export type Issue = {
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly labels: string[];
  readonly author: string;
  readonly comments: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly url: string;
  readonly is_pull_request: boolean;
};

/** An issue as actions give it. Longer texts end in `…`. */
export function issueOf(repository: string, issue: JsonObject): Issue {
  return {
    repository,
    number: numberOf(issue['number']),
    title: textOf(issue['title']),
    body: cut(textOf(issue['body'])),
    state: issue['state'] === 'closed' ? 'closed' : 'open',
    labels: labelNames(issue),
    author: issue['user'] === null || issue['user'] === undefined ? '' : textOf(objectOf(issue['user'])['login']),
    comments: typeof issue['comments'] === 'number' ? issue['comments'] : 0,
    created_at: textOf(issue['created_at']),
    updated_at: textOf(issue['updated_at']),
    url: textOf(issue['html_url']),
    is_pull_request: issue['pull_request'] !== undefined && issue['pull_request'] !== null,
  };
}

/** GitHub gives labels as objects, and old ones as text. */
export function labelNames(issue: JsonObject): string[] {
  const labels = issue['labels'];
  return Array.isArray(labels) ? labels.map((label) => (typeof label === 'string' ? label : textOf(objectOf(label)['name']))).filter((name) => name !== '') : [];
}

/** The key of the event `issue.opened` about this issue: its dedupe key in the manifest. */
export function openedVersion({ repository, number, created_at }: Pick<Issue, 'repository' | 'number' | 'created_at'>): string {
  return `${repository}:${number}:${created_at}`;
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
