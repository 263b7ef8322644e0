import { Code, Loader, Stack, Text, Title, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api, dataOf } from '../api/client.ts';
import { actIn } from '../api/current-workspace.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { Wordmark } from '../parts/wordmark.tsx';
import { destinationOf, takeToken } from './sign-in-link.ts';
import classes from './sign-in-page.module.css';

/** Uses the token of a sign-in link once, or says how to get a link. */
export function SignInPage() {
  const [token] = useState(() => takeToken(window));
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const signIn = useMutation({
    mutationFn: (given: string) => dataOf(api.POST('/api/v1/sign-in', { body: { token: given } })),
    onSuccess: async (me) => {
      queryClient.clear();
      actIn(me.workspace.id);
      queryClient.setQueryData(['me'], me);
      await navigate(destinationOf(search.get('to')), { replace: true });
    },
  });

  const sent = useRef(false);
  const { mutate } = signIn;
  useEffect(() => {
    document.title = 'Sign in · Countersign';
    // The token works once: in strict mode effects run twice, the request must not.
    if (token === null || sent.current) return;
    sent.current = true;
    mutate(token);
  }, [token, mutate]);

  return (
    <main className={classes.frame}>
      <div className={classes.card}>
        <Stack gap="lg">
          <Wordmark size={28} />
          {signIn.isPending || signIn.isSuccess ? <Group gap="sm" role="status"><Loader size="sm" /><Text>Signing you in</Text></Group> : <HowToSignIn error={signIn.error} from={search.has('fresh') ? 'step-up' : search.has('to') ? 'page' : null} />}
        </Stack>
      </div>
    </main>
  );
}

const WHY = {
  page: 'You are not signed in, or your session has ended. After signing in here you go back to where you were.',
  'step-up': 'What you want to decide takes a fresher or stronger sign-in than yours. A new link begins a new session in the place of this one.',
};

function HowToSignIn({ error, from }: { error: Error | null; from: 'page' | 'step-up' | null }) {
  return (
    <Stack gap="md">
      {error === null ? null : <ProblemView error={error} />}
      <Title order={1}>Sign in with a link</Title>
      {from === null || error !== null ? null : <Text size="sm">{WHY[from]}</Text>}
      <Text size="sm">On the machine that runs the cell, in the folder of Countersign, run</Text>
      <Code block>npm run sign-in</Code>
      <Text size="sm">and open the link that it prints. A link works once and for 15 minutes. It is also printed when the cell starts for the first time.</Text>
    </Stack>
  );
}
