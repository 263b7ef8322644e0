import { ERROR_CATALOGUE, type ErrorCode } from '@countersign/contracts/errors/catalogue.ts';
import { Text } from '@mantine/core';
import { Notice } from '../parts/notice.tsx';

const WHAT_TO_DO: Partial<Record<ErrorCode, string>> = {
  sign_in_refused: 'Your provider’s answer was not taken. Try again; when it stays, give an administrator the time and this code.',
  sign_in_attempt_invalid: 'The sign-in took longer than ten minutes, was begun in another browser, or was used before. Begin again.',
  identity_not_invited: 'Your provider knows you, but nobody has invited you here. Ask an administrator for an invitation.',
  identity_provider_unreachable: 'Your provider did not answer. Try again in a moment, or take another way.',
  principal_disabled: 'Your account here was disabled. An administrator can enable it.',
};

/** Why the way back from a provider ended here, by the code that the callback gives. Only codes that we know become text of the page. */
export function CallbackRefused({ code }: { code: string }) {
  const known = code in ERROR_CATALOGUE ? (code as ErrorCode) : null;
  return (
    <Notice tone="bad" title={known === null ? 'The sign-in did not work' : ERROR_CATALOGUE[known].title}>
      <Text size="sm">{(known === null ? undefined : WHAT_TO_DO[known]) ?? 'Begin again, or take another way to sign in.'}</Text>
      {known === null ? null : <Text size="xs" c="dimmed" mt={4}>Code <code>{known}</code></Text>}
    </Notice>
  );
}
