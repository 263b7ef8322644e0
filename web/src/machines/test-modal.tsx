import { List, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { Notice } from '../parts/notice.tsx';

/** Says what would be refused about a token that is pasted here. Nothing is issued, and the token is kept nowhere. */
export function TestModal({ federation, onClose }: { federation: Schemas['Federation']; onClose: () => void }) {
  const [token, setToken] = useState('');
  const test = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/federations/{federation_id}/test', { params: { path: { federation_id: federation.id } }, body: { token: token.trim() } })),
    gcTime: 0,
  });
  return (
    <FormModal title={`Try a token of ${federation.name}`} confirm="Try it" wrong={token.trim() === '' ? 'Paste a token.' : null} pending={test.isPending} error={test.error} onClose={onClose} onSubmit={() => test.mutate()}>
      <Textarea label="Token" description="As the issuer gives it to the job. Nothing is issued for it, and it is kept nowhere." required data-autofocus autosize minRows={4} maxRows={10} spellCheck={false} value={token} onChange={(event) => { setToken(event.currentTarget.value); test.reset(); }} />
      {test.data === undefined ? null : test.data.accepted
        ? <Text size="sm" role="status" c="var(--cs-ok)" fw={600}>It would be taken.</Text>
        : <Notice tone="bad" title="It would be refused"><List size="sm">{test.data.failed.map(({ check, detail }) => <List.Item key={`${check} ${detail}`}><strong>{check}</strong>: {detail}</List.Item>)}</List></Notice>}
    </FormModal>
  );
}
