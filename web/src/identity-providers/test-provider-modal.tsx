import { Button, Group, List, Modal, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Notice } from '../parts/notice.tsx';
import { checksOf, type Check } from './provider-test.ts';

type Provider = Schemas['IdentityProvider'];

/** Asks the provider, now, what it says of itself. Nobody is signed in. */
export function TestProviderModal({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const query = useQuery({
    queryKey: ['identity-provider-test', provider.id],
    queryFn: () => dataOf(api.POST('/api/v1/identity-providers/{provider_id}/test', { params: { path: { provider_id: provider.id } } })),
    // What it said a minute ago is no test.
    gcTime: 0, staleTime: 0, retry: false, refetchOnWindowFocus: false,
  });
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>What {provider.name} says of itself</Text>}>
      <Stack gap="md">
        <AsyncView query={query} what="what the provider says of itself" skeletonRows={4}>{(found) => <Found checks={checksOf(found, provider)} />}</AsyncView>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Close</Button>
          <Button loading={query.isFetching} onClick={() => void query.refetch()}>Ask again</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Found({ checks }: { checks: readonly Check[] }) {
  const stops = checks.some(({ holds, must }) => must && !holds);
  return (
    <div role="status" aria-label="What was found">
      {stops ? <Notice tone="bad" title="Nobody can sign in by it like this">What is marked by a cross keeps people out.</Notice> : <Text size="sm" fw={600} c="var(--cs-ok)">It answers, and people can sign in by it.</Text>}
      <List mt="sm" size="sm" spacing={6} center>
        {checks.map((check) => <List.Item key={check.says} icon={<Mark check={check} />}>{check.says}</List.Item>)}
      </List>
    </div>
  );
}

function Mark({ check: { holds, must } }: { check: Check }) {
  const [MarkIcon, colour, word] = holds ? [IconCheck, 'var(--cs-ok)', 'Holds'] as const : must ? [IconX, 'var(--cs-bad)', 'Keeps people out'] as const : [IconAlertTriangle, 'var(--cs-wait)', 'To know'] as const;
  return <ThemeIcon variant="transparent" c={colour} size={20} role="img" aria-label={word}><MarkIcon size={16} aria-hidden /></ThemeIcon>;
}
