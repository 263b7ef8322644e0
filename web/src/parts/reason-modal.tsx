import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ProblemView } from './problem-view.tsx';

interface Props {
  title: string;
  explanation: ReactNode;
  confirm: string;
  danger?: boolean;
  /** Letters that a reason has at least, at most. */
  minLength: number;
  maxLength: number;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  onConfirm: (reason: string) => void;
}

/** Asks for the reason of an act; it is stored with the act and shown in the audit. */
export function ReasonModal({ title, explanation, confirm, danger = false, minLength, maxLength, pending, error, onClose, onConfirm }: Props) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const tooShort = reason.trim().length < minLength;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!tooShort && !pending) onConfirm(reason.trim());
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{title}</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Text size="sm" component="div">{explanation}</Text>
          <Textarea
            label="Reason"
            description="It is stored in the audit with your name."
            required
            data-autofocus
            autosize
            minRows={3}
            maxLength={maxLength}
            value={reason}
            error={tried && tooShort ? `Write at least ${minLength} letters` : undefined}
            onChange={(event) => setReason(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit(event);
            }}
          />
          {error === null ? null : <ProblemView error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>Keep it as it is</Button>
            <Button type="submit" loading={pending} color={danger ? 'red.8' : undefined}>{confirm}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
