import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, dataOf } from '../api/client.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { toastDone } from '../parts/toast.tsx';
import type { Layer } from './policy-layer.ts';

interface Props {
  layer: Layer;
  draftId: string;
  onClose: () => void;
  onPublished: (version: number) => void;
}

/** Makes a version of a valid draft. It decides nothing until it is released. */
export function PublishModal({ layer, draftId, onClose, onPublished }: Props) {
  const queryClient = useQueryClient();
  const [message, setMessage] = useState('');
  const [tried, setTried] = useState(false);
  const publication = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/policies/{layer}/versions', { params: { path: { layer: layer.layer } }, body: { draft_id: draftId, message: message.trim() } })),
    onSuccess: async ({ version }) => {
      await queryClient.invalidateQueries({ queryKey: ['policy'] });
      toastDone(`Version ${version} of ${layer.kind} ${layer.name} is published`, null, 'It decides nothing until it is released.');
      onClose();
      onPublished(version);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (message.trim() !== '' && !publication.isPending) publication.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Publish a version of {layer.kind} {layer.name}</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Text size="sm">A version never changes. It is in force nowhere until it is released in an environment, which is the next step.</Text>
          <Textarea label="What it changes, and why" required data-autofocus autosize minRows={3} maxLength={2000} value={message} error={tried && message.trim() === '' ? 'Say what it changes' : undefined} onChange={(event) => setMessage(event.currentTarget.value)} />
          {publication.error === null ? null : <ProblemView error={publication.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Not yet</Button>
            <Button type="submit" loading={publication.isPending}>Publish</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
