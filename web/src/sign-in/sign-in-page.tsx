import { Group, Loader, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { actIn } from '../api/current-workspace.ts';
import { Wordmark } from '../parts/wordmark.tsx';
import { rememberTenant } from './remembered-tenant.ts';
import { destinationOf, takeFromFragment } from './sign-in-link.ts';
import { WaysIn } from './ways-in.tsx';
import classes from './sign-in-page.module.css';

/** Where everybody comes in: by a link, or by what their organisation offers. */
export function SignInPage() {
  const [token] = useState(() => takeFromFragment(window, 'token'));
  const enter = useEntrance();
  const signIn = useMutation({
    mutationFn: (given: string) => dataOf(api.POST('/api/v1/sign-in', { body: { token: given } })),
    onSuccess: enter,
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

  const busy = signIn.isPending || signIn.isSuccess;
  return (
    <main className={classes.frame}>
      <div className={classes.card}>
        <Stack gap="lg">
          <Wordmark size={28} />
          {busy ? <Group gap="sm" role="status"><Loader size="sm" /><Text>Signing you in</Text></Group>
            : <WaysIn error={signIn.error} />}
        </Stack>
      </div>
    </main>
  );
}

/** What is done when a session has begun: nothing that was read before is shown any more. */
function useEntrance(): (me: Schemas['Me']) => Promise<void> {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  return async (me) => {
    rememberTenant(me.tenant.slug);
    queryClient.clear();
    actIn(me.workspace.id);
    queryClient.setQueryData(['me'], me);
    await navigate(destinationOf(search.get('to')), { replace: true });
  };
}
