import type { Action, JsonObject } from '../../sdk/connector.ts';
import { PAGE, readPage, textOf } from '../client.ts';

/** Far above what people can choose from. */
const MAX_PAGES = 10;

/** `labels.list`: the labels that a repository has. GitHub makes a label that is not there when it is set, so we look first. */
export const listLabels: Action = {
  async execute(context, { repository }) {
    const labels: JsonObject[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const found = await readPage(context, String(repository), '/labels', { per_page: String(PAGE), page: String(page) });
      labels.push(...found.map((label) => ({ name: textOf(label['name']), description: textOf(label['description']) })));
      if (found.length < PAGE) break;
    }
    return { output: { labels } };
  },
};
