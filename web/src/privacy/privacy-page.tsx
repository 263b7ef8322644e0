import { Stack } from '@mantine/core';
import { Page } from '../parts/page.tsx';
import { LegalHolds } from './legal-holds.tsx';
import { RetentionCard } from './retention-card.tsx';

/** What is kept, for how long, and what is kept in spite of that. */
export function PrivacyPage() {
  return (
    <Page title="Privacy" lead="What is kept and for how long. The audit keeps its proofs when its bodies are gone.">
      <Stack gap="md">
        <RetentionCard />
        <LegalHolds />
      </Stack>
    </Page>
  );
}
