import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { ProblemView } from '../parts/problem-view.tsx';
import type { TicketOrder } from './sandbox-client.ts';

interface Props {
  pending: boolean;
  error: Error | null;
  onClose: () => void;
  onRaise: (order: TicketOrder) => void;
}

/** A ticket in one's own words. */
export function RaiseModal({ pending, error, onClose, onRaise }: Props) {
  const [shortDescription, setShortDescription] = useState('');
  const [description, setDescription] = useState('');
  const [tried, setTried] = useState(false);
  const empty = shortDescription.trim() === '';
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!empty) onRaise({ short_description: shortDescription.trim(), description });
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Write a ticket</Text>} size="lg">
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <TextInput label="Short description" required data-autofocus maxLength={160} placeholder="VPN drops every few minutes" value={shortDescription} error={tried && empty ? 'Say what is wrong' : undefined} onChange={(event) => setShortDescription(event.currentTarget.value)} />
          <Textarea label="Description" autosize minRows={5} maxLength={4000} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
          {error === null ? null : <ProblemView error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Close</Button>
            <Button type="submit" loading={pending}>Raise it</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
