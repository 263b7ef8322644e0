import { Text, Title } from '@mantine/core';
import { Facts } from '../parts/page.tsx';
import { obligationsInWords } from './obligations.ts';

/** What the decision asks for; nothing where it asks for nothing. */
export function ObligationFacts({ obligations }: { obligations: Readonly<Record<string, unknown>> }) {
  const views = obligationsInWords(obligations);
  if (views.length === 0) return null;
  return (
    <section className="panel" aria-label="Obligations">
      <header><Title order={2}>Obligations</Title><Text size="xs" c="dimmed">What has to be done for the call to go on</Text></header>
      <Facts facts={views} />
    </section>
  );
}
