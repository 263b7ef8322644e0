import { Loader, Text, Title } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { Schemas } from '../api/client.ts';
import { countOf } from '../format/count.ts';
import { CopyId } from '../parts/copy-id.tsx';
import classes from './decisions.module.css';

const CodeView = lazy(async () => ({ default: (await import('../parts/code-view.tsx')).CodeView }));

type Decision = Pick<Schemas['DecisionRecord'], 'masked_input' | 'erased' | 'input_state' | 'input_digest'>;

const STATES: Record<Decision['input_state'], string> = {
  kept: 'The whole of it is kept under seal, for simulation and replay, until its retention ends.',
  shredded: 'The whole of it is gone: its retention is over.',
  none: 'The whole of it was not recorded.',
};

/** What policy was asked, as far as it is metadata; what was erased is named, and that it was. */
export function AskedInput({ decision: { masked_input, erased, input_state, input_digest } }: { decision: Decision }) {
  return (
    <section className="panel" aria-label="What policy was asked">
      <header><Title order={2}>What policy was asked</Title><CopyId id={input_digest} what="input digest" /></header>
      <div style={{ padding: '10px 16px' }}>
        <Text size="sm">{masked_input === null ? 'All of it was erased: it could not be masked with certainty.' : erased.length === 0 ? 'Nothing was erased.' : `Erased because it is no metadata: ${countOf(erased.length, 'value')}.`} {STATES[input_state]}</Text>
        {erased.length === 0 ? null : <ul className={classes.erased} aria-label="Erased values">{erased.map((pointer) => <li key={pointer}><code>{pointer}</code></li>)}</ul>}
      </div>
      {masked_input === null ? null : (
        <Suspense fallback={<Loader size="sm" m="md" />}>
          <CodeView text={JSON.stringify(masked_input, null, 2)} language="json" label="The input of the decision, masked, as JSON" maxHeight="420px" />
        </Suspense>
      )}
    </section>
  );
}
