import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { keysQuery } from '../api/key-queries.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Page } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { mayCall } from '../states/role-permission.ts';
import { DataKeys } from './data-keys.tsx';
import { KeyActs } from './key-acts.tsx';
import { KeyTable } from './key-table.tsx';
import { PURPOSES } from './purposes.ts';
import { RotateKey } from './rotate-key.tsx';

/** What signs and what seals: in which state, since when, and what to do when somebody else may have one. */
export function KeysPage() {
  const query = useQuery(keysQuery);
  const { data: me } = useQuery(meQuery);
  const address = me === undefined ? null : `${window.location.origin}/api/v1/key-sets/${me.tenant.slug}`;
  return (
    <Page title="Keys" lead={address === null ? undefined : <>Whoever verifies finds the public keys at <Anchor underline="always" href={address}>{address}</Anchor> <CopyId id={address} what="address of the public keys" text="Copy" />, without an account.</>}>
      <Stack gap="md">
        <Section title="Keys that sign" actions={query.data === undefined ? undefined : <RotateKey keys={query.data.keys} purposes={PURPOSES} label="Sign with a new key" />}>
          <AsyncView query={query} what="keys" skeletonRows={5}>{({ keys }) => <KeyTable keys={keys} acts={{ name: 'Do', cell: (key) => <KeyActs signingKey={key} /> }} />}</AsyncView>
          <Text size="xs" c="dimmed" p="md">Private halves are wrapped by the root key and never leave the process that signs.</Text>
        </Section>
        {mayCall('listDataKeys', me, '').allowed ? <DataKeys /> : null}
      </Stack>
    </Page>
  );
}
