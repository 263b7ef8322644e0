import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useSearchParams } from 'react-router';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { meQuery } from '../api/queries.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { ProblemView } from '../parts/problem-view.tsx';
import { CallbackRefused } from './callback-refused.tsx';
import { LinkHelp } from './link-help.tsx';
import { Methods } from './methods.tsx';
import { rememberedTenant, rememberTenant } from './remembered-tenant.ts';

const WHY = {
  page: 'You are not signed in, or your session has ended. After signing in here you go back to where you were.',
  'step-up': 'What you want to do takes a fresher or stronger sign-in than yours. A new sign-in begins a new session in the place of this one.',
};

/** First which organisation, then how. The name of the organisation may be in the address, or is the last one of this browser. */
export function WaysIn({ error, onSignedIn }: { error: Error | null; onSignedIn: (me: Schemas['Me']) => Promise<void> }) {
  const [search, setSearch] = useSearchParams();
  const signedInTo = useQueryClient().getQueryData(meQuery.queryKey)?.tenant.slug;
  const tenant = search.get('tenant') ?? signedInTo ?? rememberedTenant();
  const stepUp = search.has('fresh');
  const from = stepUp ? 'step-up' : search.has('to') ? 'page' : null;
  const refused = search.get('error');
  const choose = (slug: string): void => {
    rememberTenant(slug);
    setSearch((before) => {
      before.delete('error');
      before.set('tenant', slug);
      return before;
    }, { replace: true });
  };
  return (
    <Stack gap="md">
      {error === null ? null : <ProblemView error={error} />}
      {refused === null ? null : <CallbackRefused code={refused} />}
      <Title order={1}>{stepUp ? 'Sign in again' : 'Sign in'}</Title>
      {from === null || error !== null ? null : <Text size="sm">{WHY[from]}</Text>}
      {tenant === '' ? <TenantForm onChosen={choose} /> : <MethodsOf tenant={tenant} stepUp={stepUp} onSignedIn={onSignedIn} onOther={() => choose('')} />}
    </Stack>
  );
}

function MethodsOf({ tenant, stepUp, onSignedIn, onOther }: { tenant: string; stepUp: boolean; onSignedIn: (me: Schemas['Me']) => Promise<void>; onOther: () => void }) {
  const methods = useQuery({ queryKey: ['sign-in-methods', tenant], queryFn: () => dataOf(api.GET('/api/v1/sign-in/methods', { params: { query: { tenant } } })), staleTime: 60_000 });
  return (
    <>
      <Text size="sm">To <strong>{tenant}</strong>. <Button variant="subtle" size="compact-xs" onClick={onOther}>Another organisation</Button></Text>
      <AsyncView query={methods} what="ways to sign in" skeletonRows={2}>{(offered) => <Methods tenant={tenant} offered={offered} stepUp={stepUp} onSignedIn={onSignedIn} />}</AsyncView>
    </>
  );
}

function TenantForm({ onChosen }: { onChosen: (slug: string) => void }) {
  const [slug, setSlug] = useState('');
  const [tried, setTried] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (slug.trim() !== '') onChosen(slug.trim());
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput label="Organisation" description="Its short name, as in your invitation. A cell that was just started has one: local." autoComplete="organization" autoCapitalize="none" spellCheck={false} maxLength={63} value={slug} error={tried && slug.trim() === '' ? 'Name it' : undefined} onChange={(event) => setSlug(event.currentTarget.value)} />
        <Button type="submit" fullWidth>Continue</Button>
        <LinkHelp />
      </Stack>
    </form>
  );
}
