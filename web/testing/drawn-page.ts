import { MantineProvider } from '@mantine/core';
import { QueryClientProvider, type Query, type QueryClient } from '@tanstack/react-query';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { createMemoryRouter, RouterProvider } from 'react-router';

/** How often a page is drawn anew for what its last drawing began to read. */
const MOST_DRAWINGS = 6;

/** One page of the console, drawn to markup without a browser: effects and clicks are for the tests with one. */
export interface DrawnPage {
  /** As it looks before anything but who is signed in was read. */
  readonly first: string;
  /** As it looks when all that it reads has been answered, by whatever answers. */
  readonly last: string;
}

/** Where the console's client sends its requests from now on. Call it before anything of the console is imported: it keeps the first address as its own. */
export function serveConsoleFrom(url: string): void {
  const send = (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    return fetch(new Request(new URL(pathname + search, url), request));
  };
  Object.assign(globalThis, { window: { location: new URL(url), fetch: send, navigator } });
}

/** Draws the page at `path`, reads over the real client what it asked for, and draws it again until it asks for nothing more. */
export async function drawPage(path: string): Promise<DrawnPage> {
  const [{ PAGES }, { createQueryClient }, { meQuery }] = await Promise.all([import('../src/app/router.tsx'), import('../src/app/query-client.ts'), import('../src/api/queries.ts')]);
  const router = createMemoryRouter(PAGES, { initialEntries: [path] });
  const queryClient = createQueryClient(() => undefined);
  try {
    await settled(router);
    await queryClient.fetchQuery(meQuery);
    // A drawing mounts everything anew: what failed shall be shown as failed, and not as being tried again.
    queryClient.setDefaultOptions({ queries: { ...queryClient.getDefaultOptions().queries, retryOnMount: false } });
    const draw = (): string => withoutLooks(renderToStaticMarkup(createElement(MantineProvider, { env: 'test' }, createElement(QueryClientProvider, { client: queryClient }, createElement(RouterProvider, { router })))));
    const first = draw();
    let last = first;
    for (let drawing = 0; drawing < MOST_DRAWINGS && await readAll(queryClient); drawing += 1) last = draw();
    return { first, last };
  } finally {
    router.dispose();
    queryClient.clear();
  }
}

/** The page's own file is loaded when it is first opened. */
function settled(router: ReturnType<typeof createMemoryRouter>): Promise<void> {
  return new Promise((resolve) => {
    if (router.state.initialized) return resolve();
    const stop = router.subscribe(({ initialized }) => {
      if (!initialized) return;
      stop();
      resolve();
    });
  });
}

/** Reads what the drawings began to read and nobody has answered yet; false where there is nothing of the kind. */
async function readAll(queryClient: QueryClient): Promise<boolean> {
  const unread = queryClient.getQueryCache().getAll().filter((query: Query) => query.state.status === 'pending' && (query.options as { enabled?: boolean }).enabled !== false);
  await Promise.allSettled(unread.map((query) => query.fetch()));
  return unread.length > 0;
}

/** Only what is said and what it is: a test that fails shall be readable. */
function withoutLooks(markup: string): string {
  return markup.replace(/<style.*?<\/style>|<svg.*?<\/svg>/gs, '').replace(/ (?:class|style|data-[a-z-]+)="[^"]*"/g, '');
}
