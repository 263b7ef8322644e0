import { Group, Loader, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { actIn } from '../api/current-workspace.ts';
import { Wordmark } from '../parts/wordmark.tsx';
import { Invitation } from './invitation.tsx';
import { rememberTenant } from './remembered-tenant.ts';
import { destinationOf, takeFromFragment } from './sign-in-link.ts';
import { WaysIn } from './ways-in.tsx';
import classes from './sign-in-page.module.css';

/** What the address brought along: links and invitations work once, so they leave the address at once. */
function brought(): { token: string | null; invitation: string | null } {
  return { token: takeFromFragment(window, 'token'), invitation: takeFromFragment(window, 'invitation') };
}

/** Where everybody comes in: by a link, by an invitation, or by what their organisation offers. */
export function SignInPage() {
  const [{ token, invitation }] = useState(brought);
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
            : invitation !== null ? <Invitation token={invitation} onSignedIn={enter} />
            : <WaysIn error={signIn.error} onSignedIn={enter} />}
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
