import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries.ts';
import { ApiKeys } from '../machines/api-keys.tsx';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { Passkeys } from './passkeys.tsx';
import { Sessions } from './sessions.tsx';

/** One's own ways in: where one is signed in, what one signs in with, and the keys that act in one's name. */
export function AccountPage() {
  const me = useQuery(meQuery);
  return (
    <Page title="Your account" lead="Where you are signed in, what you sign in with, and the keys that act in your name.">
      <AsyncView query={me} what="your account">
        {({ principal }) => (
          <Stack gap="md">
            <Sessions principalId={null} />
            <Passkeys />
            <ApiKeys principalId={principal.id} title="Your API keys" />
          </Stack>
        )}
      </AsyncView>
    </Page>
  );
}
