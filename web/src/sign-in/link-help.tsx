import { Code, Divider, Stack, Text } from '@mantine/core';

/** The way in of whoever holds the machine: it needs no provider, and works when that is away. */
export function LinkHelp() {
  return (
    <Stack gap="xs">
      <Divider label="or with a link" labelPosition="center" />
      <Text size="sm">On the machine that runs the cell, in the folder of Countersign, run</Text>
      <Code block>npm run sign-in</Code>
      <Text size="sm">and open the link that it prints. A link works once and for 15 minutes. It is also printed when the cell starts for the first time.</Text>
    </Stack>
  );
}
