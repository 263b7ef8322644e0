import { Stack } from '@mantine/core';
import { AccessNav } from '../access/access-nav.tsx';
import { Page } from '../parts/page.tsx';
import { Federations } from './federations.tsx';
import { OauthClients } from './oauth-clients.tsx';
import { ServiceAccounts } from './service-accounts.tsx';

/** Programs that call the API: who they are, and by what they show it. */
export function MachinesPage() {
  return (
    <Page title="Machines" lead="A program acts for a service account: by a key, by a client's short-lived tokens, or by tokens of an issuer that you trust.">
      <AccessNav />
      <Stack gap="md">
        <ServiceAccounts />
        <OauthClients />
        <Federations />
      </Stack>
    </Page>
  );
}
