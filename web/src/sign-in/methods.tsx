import { Button, Stack, Text } from '@mantine/core';
import { IconFingerprint, IconLogin2 } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { ReasonButton } from '../parts/reason-button.tsx';
import { askForPasskey, passkeysWork } from './browser-passkeys.ts';
import { LinkHelp } from './link-help.tsx';
import { destinationOf } from './sign-in-link.ts';
import { rememberTenant } from './remembered-tenant.ts';

interface Props {
  tenant: string;
  offered: Schemas['SignInMethods'];
  stepUp: boolean;
  onSignedIn: (me: Schemas['Me']) => Promise<void>;
}

/** The ways that an organisation offers. An organisation that does not exist offers what one without providers does. */
export function Methods({ tenant, offered, stepUp, onSignedIn }: Props) {
  return (
    <Stack gap="sm">
      {offered.providers.map((provider) => <ProviderButton key={provider.id} tenant={tenant} provider={provider} stepUp={stepUp} />)}
      {offered.passkey ? <PasskeyButton tenant={tenant} onSignedIn={onSignedIn} /> : null}
      {offered.link ? <LinkHelp /> : null}
    </Stack>
  );
}

/** A top-level navigation to the provider, and back to our callback: nothing of it can be read by a script. */
function ProviderButton({ tenant, provider, stepUp }: { tenant: string; provider: Schemas['SignInMethods']['providers'][number]; stepUp: boolean }) {
  const [search] = useSearchParams();
  const start = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/sign-in/oidc', {
      body: { tenant, provider_id: provider.id, return_to: destinationOf(search.get('to')), ...(stepUp ? { step_up: { max_age_s: 0 } } : {}) },
    })),
    onSuccess: ({ authorization_url }) => {
      rememberTenant(tenant);
      window.location.assign(authorization_url);
    },
  });
  return (
    <>
      <Button fullWidth leftSection={<IconLogin2 size={17} aria-hidden />} loading={start.isPending || start.isSuccess} onClick={() => start.mutate()}>Continue with {provider.name}</Button>
      {start.error === null ? null : <ProblemView error={start.error} />}
    </>
  );
}

function PasskeyButton({ tenant, onSignedIn }: Pick<Props, 'tenant' | 'onSignedIn'>) {
  const [permission] = useState(passkeysWork);
  const signIn = useMutation({
    mutationFn: async () => {
      const { attempt_id, options } = await dataOf(api.POST('/api/v1/sign-in/passkey/options', { body: { tenant } }));
      const response = await askForPasskey(options);
      return dataOf(api.POST('/api/v1/sign-in/passkey/verify', { body: { attempt_id, response } }));
    },
    onSuccess: async (me) => {
      rememberTenant(tenant);
      await onSignedIn(me);
    },
  });
  return (
    <>
      <ReasonButton fullWidth variant="default" permission={permission} leftSection={<IconFingerprint size={17} aria-hidden />} loading={signIn.isPending} onClick={() => signIn.mutate()}>Sign in with a passkey</ReasonButton>
      {permission.allowed ? null : <Text size="xs" c="dimmed">{permission.because}</Text>}
      {signIn.error === null ? null : <ProblemView error={signIn.error} />}
    </>
  );
}
