import { Loader } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { Run } from '../api/client.ts';

const CodeView = lazy(async () => ({ default: (await import('../parts/code-view.tsx')).CodeView }));

/** The run exactly as the API gives it. */
export function JsonTab({ run }: { run: Run }) {
  return (
    <section className="panel" aria-label="JSON">
      <header><code>GET /api/v1/runs/{run.id}</code></header>
      <Suspense fallback={<Loader size="sm" m="md" />}>
        <CodeView text={JSON.stringify(run, null, 2)} language="json" label="The run as JSON" maxHeight="70vh" />
      </Suspense>
    </section>
  );
}
