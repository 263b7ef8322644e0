import { notifications } from '@mantine/notifications';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { describeError } from '../api/problem.ts';

/** Says that something was done, with the request id under which the server did it. */
export function toastDone(title: string, requestId: string | null, message?: ReactNode): void {
  notifications.show({
    title,
    message: <>{message}{requestId === null ? null : <div>Request <code>{requestId}</code></div>}</>,
    icon: <IconCheck size={16} aria-hidden />,
    color: 'green.8',
    autoClose: 7_000,
  });
}

/** Says that something was refused. It stays until it is closed. */
export function toastProblem(error: unknown): void {
  const { title, detail, requestId } = describeError(error);
  notifications.show({
    title,
    message: <>{detail}{requestId === null ? null : <div>Request <code>{requestId}</code></div>}</>,
    icon: <IconX size={16} aria-hidden />,
    color: 'red.8',
    autoClose: false,
  });
}
