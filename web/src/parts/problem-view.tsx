import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconLock } from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';
import { describeError, ApiError } from '../api/problem.ts';
import { signInAgainPath } from '../sign-in/sign-in-link.ts';
import { CopyId } from './copy-id.tsx';
import { Notice } from './notice.tsx';

/** An error in its own words, with the request id to hand on, and what to do about it: sign in again, or try again. */
export function ProblemView({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { title, detail, code, requestId } = describeError(error);
  const { pathname, search } = useLocation();
  const waitsAs = error instanceof ApiError ? error.problem?.change_request_id : undefined;
  if (waitsAs !== undefined) {
    return (
      <Notice tone="wait" title="It waits for a second person">
        <Text size="sm">{detail}</Text>
        <Group gap="sm" mt="xs"><Button size="xs" variant="default" component={Link} to={`/changes?selected=${waitsAs}`}>Open the change</Button><CopyId id={waitsAs} what="change id" /></Group>
      </Notice>
    );
  }
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
          {code === 'step_up_required' ? <Button size="xs" variant="default" component={Link} to={signInAgainPath(pathname + search)}>Sign in again</Button> : null}
          {onRetry === undefined ? null : <Button size="xs" variant="default" onClick={onRetry}>Try again</Button>}
        </Group>
      </Stack>
    </Alert>
  );
}
