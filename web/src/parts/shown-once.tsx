import { Button, Code, CopyButton, Group, Modal, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface Props {
  title: string;
  /** The secret. It lives in the state of who shows it, never in the query cache. */
  value: string;
  /** What is left of it here, in a sentence; for most a digest. */
  kept?: string;
  onClose: () => void;
  children?: ReactNode;
}

const DIGEST_IS_KEPT = 'What is stored here is a digest of it, so nobody can read it again.';

/** A value that the server gives out this one time. A click beside it does not close it, since it could not be shown again. */
export function ShownOnce({ title, value, kept = DIGEST_IS_KEPT, onClose, children }: Props) {
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{title}</Text>} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false} size="lg">
      <Stack gap="md">
        <Text size="sm">It is shown this one time. {kept}</Text>
        <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }} aria-label="The value">{value}</Code>
        {children}
        <Group justify="flex-end">
          <CopyButton value={value}>
            {({ copied, copy }) => <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}>{copied ? 'Copied' : 'Copy'}</Button>}
          </CopyButton>
          <Button onClick={onClose}>I have stored it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
