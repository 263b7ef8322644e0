import { Kbd, Modal, Table, Text } from '@mantine/core';
import { useDisclosure, useHotkeys, useWindowEvent } from '@mantine/hooks';
import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import { belongsToChord, startChord, watchChords } from './chord.ts';
import { ALL_PAGES } from './pages.ts';

const OPEN_HELP = 'countersign:keyboard-help';

export function openKeyboardHelp(): void {
  window.dispatchEvent(new Event(OPEN_HELP));
}

/** Keys that work everywhere: `g` and a letter go to a page, `?` lists all keys. They are off while one writes. */
export function Keyboard() {
  const [opened, { open, close }] = useDisclosure();
  const navigate = useNavigate();
  useEffect(watchChords, []);
  useWindowEvent(OPEN_HELP, open);
  useHotkeys([
    ['shift+?', open],
    ['?', open],
    ['g', startChord],
    ...ALL_PAGES.map(({ key, path }): [string, (event: KeyboardEvent) => void] => [key, (event) => {
      if (belongsToChord(event)) void navigate(path);
    }]),
  ]);
  return (
    <Modal opened={opened} onClose={close} title={<Text fw={600}>Keyboard</Text>} size="md">
      <Table>
        <Table.Tbody>
          {rows().map(({ keys, does }) => (
            <Table.Tr key={does}>
              <Table.Td w={150}>{keys.map((key) => <Kbd key={key} mr={4}>{key}</Kbd>)}</Table.Td>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

function rows(): Array<{ keys: string[]; does: string }> {
  return [
    { keys: ['Ctrl', 'K'], does: 'Go anywhere, do anything' },
    { keys: ['?'], does: 'These keys' },
    ...ALL_PAGES.map(({ key, label }) => ({ keys: ['g', key], does: `Go to ${label}` })),
    { keys: ['j', 'k'], does: 'Approvals: next, previous' },
    { keys: ['a'], does: 'Approvals: approve what is shown (asks once more)' },
    { keys: ['r'], does: 'Approvals: reject what is shown (asks for the reason)' },
  ];
}
