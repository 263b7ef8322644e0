import { Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import type { Run } from '../api/client.ts';
import { formatQuantity, formatUsd, sumUsd } from '../format/money.ts';

/** Every cost line of the run, and their sum. */
export function CostCard({ run }: { run: Run }) {
  return (
    <section className="panel" aria-label="Cost">
      <header><Title order={3}>Cost</Title><Tooltip label={`${sumUsd(run.costs.map(({ amount_usd }) => amount_usd))} USD`}><Text fw={600} className="tabular">{formatUsd(run.cost_usd)}</Text></Tooltip></header>
      <Stack gap={4} p="md">
        {run.costs.length === 0 ? <Text size="sm" c="dimmed">No metered call yet.</Text> : null}
        {run.costs.map((cost) => (
          <Group key={`${cost.call_id} ${cost.meter} ${cost.unit}`} justify="space-between" gap="xs">
            <Text size="sm">{cost.meter} <Text span size="xs" c="dimmed">{formatQuantity(cost.quantity)} {cost.unit}</Text></Text>
            <Text size="sm" className="tabular">{formatUsd(cost.amount_usd)}</Text>
          </Group>
        ))}
      </Stack>
    </section>
  );
}
