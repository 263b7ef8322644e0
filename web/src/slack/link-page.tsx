import { Button, Stack, Text, Title } from '@mantine/core';
import { IconLinkOff } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf } from '../api/client.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Empty, Facts, Page } from '../parts/page.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { takeNonce } from './link-nonce.ts';

/** Where a link from Slack leads: it says whose Slack user it is for, and only the button links. */
export function SlackLinkPage() {
  const [nonce] = useState(() => takeNonce(window));
  return (
    <Page title="Link a Slack user" lead="What this Slack user decides in Slack will count as yours.">
      {nonce === null
        ? <div className="panel"><Empty icon={IconLinkOff} title="This page needs a link from Slack">Type <code>/countersign link</code> in Slack and open the link that it shows, in the browser where you are signed in.</Empty></div>
        : <Confirm nonce={nonce} />}
    </Page>
  );
}

function Confirm({ nonce }: { nonce: string }) {
  const asked = useQuery({ queryKey: ['slack-link', nonce], queryFn: () => dataOf(api.POST('/api/v1/slack/link-requests', { body: { nonce } })), retry: false, refetchOnWindowFocus: false, staleTime: Infinity });
  const link = useMutation({ mutationFn: () => dataOf(api.POST('/api/v1/slack/links', { body: { nonce } })) });
  if (link.isSuccess) return <Linked slackName={link.data.slack_name} />;
  return (
    <AsyncView query={asked} what="link" skeletonRows={3}>
      {(request) => (
        <section className="panel" aria-label="Slack user">
          <header><Title order={2}>Is this you?</Title></header>
          <Stack p="md" gap="md">
            <Facts facts={[
              { name: 'Slack user', value: `${request.slack_name} (${request.slack_user})` },
              { name: 'Workspace', value: `${request.installation_name} (${request.installation})` },
            ]} />
            <Text size="sm">Link it only if you asked for this in Slack yourself. Whoever uses that Slack user can decide what you may decide; each vote says that it came from Slack.</Text>
            {link.error === null ? null : <ProblemView error={link.error} />}
            <div><Button loading={link.isPending} onClick={() => link.mutate()}>This is me: link it</Button></div>
          </Stack>
        </section>
      )}
    </AsyncView>
  );
}

function Linked({ slackName }: { slackName: string }) {
  return (
    <section className="panel" aria-label="Linked" role="status">
      <Stack p="md" gap="xs">
        <Title order={2}>Linked</Title>
        <Text size="sm">{slackName} now acts for you in Slack. Undo it there with <code>/countersign unlink</code>.</Text>
      </Stack>
    </section>
  );
}
