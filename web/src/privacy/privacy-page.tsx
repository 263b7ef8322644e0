import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries.ts';
import { Page } from '../parts/page.tsx';
import { mayCall } from '../states/role-permission.ts';
import { ErasureRequests } from './erasure-requests.tsx';
import { LegalHolds } from './legal-holds.tsx';
import { RetentionCard } from './retention-card.tsx';

/** What is kept, for how long, what is kept in spite of that, and who was erased. */
export function PrivacyPage() {
  const { data: me } = useQuery(meQuery);
  return (
    <Page title="Privacy" lead="What is kept and for how long. The audit keeps its proofs when its bodies are gone.">
      <Stack gap="md">
        <RetentionCard />
        <LegalHolds />
        {mayCall('listErasureRequests', me, '').allowed ? <ErasureRequests /> : null}
      </Stack>
    </Page>
  );
}
