import { Button, Stack, Text, Title } from '@mantine/core';
import { IconFingerprint, IconLogin2 } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Facts } from '../parts/page.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { makePasskey, passkeysWork } from './browser-passkeys.ts';
import { rememberTenant } from './remembered-tenant.ts';

type Invited = Schemas['InvitationToMe'];

interface Props {
  token: string;
  onSignedIn: (me: Schemas['Me']) => Promise<void>;
}

/** Who invited to what, and the ways to come in for the first time. Nothing is accepted before one of them is taken. */
export function Invitation({ token, onSignedIn }: Props) {
  const query = useQuery({ queryKey: ['invitation', token], queryFn: () => dataOf(api.POST('/api/v1/sign-in/invitation', { body: { token } })), retry: false, refetchOnWindowFocus: false, staleTime: Infinity, gcTime: 0 });
  return (
    <Stack gap="md">
      <Title order={1}>You are invited</Title>
      <AsyncView query={query} what="the invitation" skeletonRows={4}>{(invited) => <Ways token={token} invited={invited} onSignedIn={onSignedIn} />}</AsyncView>
    </Stack>
  );
}

function Ways({ token, invited, onSignedIn }: Props & { invited: Invited }) {
  const { tenant, display_name, workspace, roles, methods } = invited;
  const [permission] = useState(passkeysWork);
  const accept = useMutation({
    mutationFn: async (way: { providerId: string } | 'passkey') => {
      rememberTenant(tenant.slug);
      if (way !== 'passkey') return dataOf(api.POST('/api/v1/sign-in/invitation/accept', { body: { token, provider_id: way.providerId } }));
      const response = await makePasskey(invited.options);
      return dataOf(api.POST('/api/v1/sign-in/invitation/accept', { body: { token, attempt_id: invited.attempt_id, response } }));
    },
    onSuccess: async (answer) => {
      if ('authorization_url' in answer) window.location.assign(answer.authorization_url);
      else await onSignedIn(answer);
    },
  });
  return (
    <Stack gap="sm">
      <Facts facts={[{ name: 'You', value: display_name }, { name: 'Organisation', value: tenant.name }, { name: 'Workspace', value: workspace.name }, { name: 'Roles', value: roles.join(', ') || 'none yet' }]} />
      <Text size="sm">How do you want to sign in, now and from now on?</Text>
      {methods.providers.map(({ id, name }) => <Button key={id} fullWidth leftSection={<IconLogin2 size={17} aria-hidden />} loading={accept.isPending} onClick={() => accept.mutate({ providerId: id })}>Continue with {name}</Button>)}
      {methods.passkey ? <ReasonButton fullWidth variant="default" permission={permission} leftSection={<IconFingerprint size={17} aria-hidden />} loading={accept.isPending} onClick={() => accept.mutate('passkey')}>Make a passkey</ReasonButton> : null}
      {permission.allowed ? null : <Text size="xs" c="dimmed">{permission.because}</Text>}
      {accept.error === null ? null : <ProblemView error={accept.error} />}
    </Stack>
  );
}
