import { Checkbox, NativeSelect, PasswordInput, SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, dataOf, ifMatch, type Schemas } from '../api/client.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { useAct } from '../parts/use-act.ts';
import { ALGORITHMS, changeOf, formOf, NEW_PROVIDER, newProviderOf, wrongWith, type ProviderForm } from './provider-form.ts';

type Provider = Schemas['IdentityProvider'];

const PROVISIONING = [
  { value: 'invited', label: 'whoever was invited, or is in the directory' },
  { value: 'just_in_time', label: 'everybody of the e-mail domains below' },
];

interface Props {
  /** The one to change; null for a new one. */
  provider: Provider | null;
  onClose: () => void;
  onMade: (made: Provider) => void;
}

/** Adds a provider, or changes what is said of one. */
export function ProviderModal({ provider, onClose, onMade }: Props) {
  const [form, setForm] = useState<ProviderForm>(provider === null ? NEW_PROVIDER : formOf(provider));
  const [dropSecret, setDropSecret] = useState(false);
  const set = (part: Partial<ProviderForm>): void => setForm({ ...form, ...part });
  const save = useAct({
    act: () => (provider === null
      ? dataOf(api.POST('/api/v1/identity-providers', { body: newProviderOf(form) }))
      : dataOf(api.PATCH('/api/v1/identity-providers/{provider_id}', { params: { path: { provider_id: provider.id }, header: ifMatch(`"${provider.version}"`) }, body: changeOf(form, { dropSecret }) }))),
    says: ({ name }) => (provider === null ? null : `What is said of ${name} is changed`),
    touches: ['identity-providers'],
    onDone: (saved) => {
      if (provider === null) onMade(saved);
      onClose();
    },
  });
  return (
    <FormModal title={provider === null ? 'Add an identity provider' : `Change ${provider.name}`} confirm={provider === null ? 'Add it' : 'Change it'} size="lg" wrong={wrongWith(form)} pending={save.isPending} error={save.error} onClose={onClose} onSubmit={() => save.mutate(undefined)}>
      <TextInput label="Name" description="What the button on the sign-in page says." required data-autofocus maxLength={100} value={form.name} onChange={(event) => set({ name: event.currentTarget.value })} />
      {provider === null ? <NewClient form={form} set={set} /> : null}
      <Secret provider={provider} form={form} set={set} dropSecret={dropSecret} onDrop={setDropSecret} />
      <NativeSelect label="Who may come in" data={PROVISIONING} value={form.provisioning} onChange={(event) => set({ provisioning: event.currentTarget.value === 'just_in_time' ? 'just_in_time' : 'invited' })} />
      <TextInput label="E-mail domains" description="Only verified addresses of these come in; empty for all. Separate them by commas." required={form.provisioning === 'just_in_time'} spellCheck={false} value={form.emailDomains} onChange={(event) => set({ emailDomains: event.currentTarget.value })} />
      <Claims form={form} set={set} />
    </FormModal>
  );
}

interface Part {
  form: ProviderForm;
  set: (part: Partial<ProviderForm>) => void;
}

/** What stays as it is: whoever is linked to a subject of an issuer must not become somebody else. */
function NewClient({ form, set }: Part) {
  return (
    <>
      <TextInput label="Issuer" description="As the provider calls itself in its metadata, to the letter. It cannot be changed later." placeholder="https://login.example.com" required maxLength={500} spellCheck={false} value={form.issuer} onChange={(event) => set({ issuer: event.currentTarget.value })} />
      <TextInput label="Client id" description="What the provider calls this client. It cannot be changed later." required maxLength={300} spellCheck={false} value={form.clientId} onChange={(event) => set({ clientId: event.currentTarget.value })} />
    </>
  );
}

function Secret({ provider, form, set, dropSecret, onDrop }: Part & { provider: Provider | null; dropSecret: boolean; onDrop: (drop: boolean) => void }) {
  const has = provider?.has_client_secret === true;
  return (
    <>
      <PasswordInput
        label="Client secret"
        description={has ? 'It has one. What is typed here replaces it.' : 'Empty for a public client: PKCE is used either way.'}
        maxLength={2_000}
        autoComplete="off"
        disabled={dropSecret}
        value={dropSecret ? '' : form.clientSecret}
        onChange={(event) => set({ clientSecret: event.currentTarget.value })}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the secret' }}
      />
      {has ? <Checkbox label="It is a public client now: forget the secret" checked={dropSecret} onChange={(event) => onDrop(event.currentTarget.checked)} /> : null}
    </>
  );
}

/** What its tokens say, and what it means here. */
function Claims({ form, set }: Part) {
  return (
    <>
      <TextInput label="Claim that names groups" description="Members of its groups join the groups of the same name here that sign-ins fill. Empty: groups are not read." placeholder="groups" maxLength={100} spellCheck={false} value={form.groupsClaim} onChange={(event) => set({ groupsClaim: event.currentTarget.value })} />
      <Textarea label="Values of acr that mean a second factor" description="One a line. A second factor that the claim amr names is understood without." autosize minRows={2} maxRows={6} spellCheck={false} value={form.mfaAcrValues} onChange={(event) => set({ mfaAcrValues: event.currentTarget.value })} />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput label="Scopes" description="openid is always asked for." spellCheck={false} value={form.scopes} onChange={(event) => set({ scopes: event.currentTarget.value })} />
        <NativeSelect label="ID tokens are signed by" description="Another algorithm is refused." data={[...ALGORITHMS]} value={form.algorithm} onChange={(event) => set({ algorithm: event.currentTarget.value })} />
      </SimpleGrid>
    </>
  );
}
