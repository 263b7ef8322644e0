import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ProblemView } from './problem-view.tsx';

interface Props {
  title: string;
  /** What the button says that does it. */
  confirm: string;
  /** What the button says that leaves all as it is. */
  cancel?: string;
  danger?: boolean;
  size?: 'md' | 'lg' | 'xl';
  /** What is wrong with what was entered, in words; null when it can be sent. */
  wrong?: string | null;
  pending: boolean;
  error: unknown;
  onClose: () => void;
  onSubmit: () => void;
  children?: ReactNode;
}

/** Asks for what an act needs. It says what is missing when one tries, and what the server refused, and stays open then. */
export function FormModal({ title, confirm, cancel = 'Keep it as it is', danger = false, size = 'md', wrong = null, pending, error, onClose, onSubmit, children }: Props) {
  const [tried, setTried] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (wrong === null && !pending) onSubmit();
  };
  return (
    <Modal opened size={size} onClose={onClose} title={<Text fw={600}>{title}</Text>}>
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          {children}
          {tried && wrong !== null ? <Text size="sm" c="var(--cs-bad)" role="alert">{wrong}</Text> : null}
          {error === null ? null : <ProblemView error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{cancel}</Button>
            <Button type="submit" loading={pending} color={danger ? 'red.8' : undefined}>{confirm}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
