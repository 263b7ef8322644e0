import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconLock } from '@tabler/icons-react';
import { describeError, ApiError } from '../api/problem.ts';
import { CopyId } from './copy-id.tsx';

/** An error in its own words, with the request id to hand on, and a way to try again. */
export function ProblemView({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { title, detail, code, requestId } = describeError(error);
  const noPermission = error instanceof ApiError && error.status === 403;
  const fields = error instanceof ApiError ? error.problem?.errors ?? [] : [];
  return (
    <Alert
      role="alert"
      variant="outline"
      color={noPermission ? 'gray' : 'red'}
      icon={noPermission ? <IconLock aria-hidden /> : <IconAlertTriangle aria-hidden />}
      title={title}
      styles={{ root: { background: 'var(--cs-surface)', borderColor: noPermission ? 'var(--cs-line-strong)' : 'var(--cs-bad)' }, title: { color: noPermission ? 'inherit' : 'var(--cs-bad)' }, icon: { color: noPermission ? 'inherit' : 'var(--cs-bad)' } }}
    >
      <Stack gap="xs">
        <Text size="sm">{detail}</Text>
        {fields.map((field) => (
          <Text key={`${field.field} ${field.code}`} size="sm">
            <code>{field.field}</code>{field.line === undefined ? '' : ` (line ${field.line})`}: {field.message}
          </Text>
        ))}
        <Group gap="md">
          <Text size="xs" c="dimmed">Code <code>{code}</code></Text>
          {requestId === null ? null : <Text size="xs" c="dimmed" component="span">Request <CopyId id={requestId} what="request id" text={requestId} /></Text>}
          {onRetry === undefined ? null : <Button size="xs" variant="default" onClick={onRetry}>Try again</Button>}
        </Group>
      </Stack>
    </Alert>
  );
}
