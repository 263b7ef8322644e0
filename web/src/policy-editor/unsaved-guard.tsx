import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useBlocker } from 'react-router';

/** Asks before what was written and not published is left: by a link, by the browser's buttons, or by closing the window. */
export function UnsavedGuard({ unsaved }: { unsaved: boolean }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) => unsaved && currentLocation.pathname !== nextLocation.pathname);
  useEffect(() => {
    if (!unsaved) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [unsaved]);
  if (blocker.state !== 'blocked') return null;
  return (
    <Modal opened onClose={() => blocker.reset()} title={<Text fw={600}>Leave without publishing?</Text>}>
      <Stack gap="md">
        <Text size="sm">What you wrote is only in this window. A check keeps a draft on the server, but the editor always begins with the newest version.</Text>
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={() => blocker.reset()}>Stay</Button>
          <Button color="red.8" onClick={() => blocker.proceed()}>Leave and lose it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
