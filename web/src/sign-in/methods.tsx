import { Button, Stack } from '@mantine/core';
import { IconLogin2 } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { LinkHelp } from './link-help.tsx';
import { destinationOf } from './sign-in-link.ts';
import { rememberTenant } from './remembered-tenant.ts';

interface Props {
  tenant: string;
  offered: Schemas['SignInMethods'];
  stepUp: boolean;
}

/** The ways that an organisation offers. An organisation that does not exist offers what one without providers does. */
export function Methods({ tenant, offered, stepUp }: Props) {
  return (
    <Stack gap="sm">
      {offered.providers.map((provider) => <ProviderButton key={provider.id} tenant={tenant} provider={provider} stepUp={stepUp} />)}
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
