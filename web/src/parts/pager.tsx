import { Button, Group, Text } from '@mantine/core';

interface Props {
  atStart: boolean;
  nextCursor: string | null;
  shown: string;
  onPage: (cursor: string | null) => void;
}

/** Pages by cursor: the next one, or back to the newest. (Back to the page before is the browser's own button.) */
export function Pager({ atStart, nextCursor, shown, onPage }: Props) {
  return (
    <Group justify="space-between">
      <Text size="xs" c="dimmed">{shown} on this page, newest first</Text>
      <Group gap="xs">
        {atStart ? null : <Button size="xs" variant="default" onClick={() => onPage(null)}>Newest</Button>}
        {nextCursor === null ? null : <Button size="xs" variant="default" onClick={() => onPage(nextCursor)}>Older</Button>}
      </Group>
    </Group>
  );
}
