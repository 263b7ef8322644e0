import { Button, Group, Stack } from '@mantine/core';
import { useRouteError } from 'react-router';
import { Page } from '../parts/page.tsx';
import { ProblemView } from '../parts/problem-view.tsx';

/** What is shown when a page itself breaks: the rest of the console goes on. */
export function FaultPage() {
  const error = useRouteError();
  return (
    <Page title="This page broke">
      <Stack>
        <ProblemView error={error} />
        <Group><Button variant="default" onClick={() => window.location.reload()}>Load the page again</Button></Group>
      </Stack>
    </Page>
  );
}
