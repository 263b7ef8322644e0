import { SegmentedControl, Stack, Table, Text, Title, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { Schemas } from '../api/client.ts';
import { costQuery, runsQuery } from '../api/queries.ts';
import { formatQuantity, formatUsd } from '../format/money.ts';
import { formatUtc } from '../format/time.ts';
import { AsyncView } from '../parts/async-view.tsx';
import { Page } from '../parts/page.tsx';
import { ANY_RUN } from '../runs/run-filter.ts';
import { BudgetCard } from './budget-card.tsx';
import { CostChart } from './cost-chart.tsx';
import classes from './cost.module.css';

const SPANS = [{ value: '1', label: '24 hours' }, { value: '7', label: '7 days' }, { value: '30', label: '30 days' }, { value: '90', label: '90 days' }];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const RUNS_DRAWN = 200;

/** What tickets cost, by what was metered and by workflow, with the newest runs as dots. */
export function CostPage() {
  const [search, setSearch] = useSearchParams();
  const days = SPANS.find(({ value }) => value === search.get('days'))?.value ?? '30';
  // To the minute, so that the same question is asked once and not with every look.
  const from = useMemo(() => new Date(Math.floor((Date.now() - Number(days) * DAY_MS) / MINUTE_MS) * MINUTE_MS).toISOString(), [days]);
  const report = useQuery(costQuery(from, null));
  const runs = useQuery(runsQuery(ANY_RUN, RUNS_DRAWN));
  return (
    <Page
      title="Cost"
      lead="From the cost lines that every metered call writes with its outcome, at the prices frozen in them."
      actions={<SegmentedControl aria-label="Time span" size="xs" data={SPANS} value={days} onChange={(value) => setSearch({ days: value }, { replace: true })} />}
    >
      <Stack gap="md">
        <AsyncView query={report} what="the cost report" skeletonRows={4}>{(data) => <Report report={data} />}</AsyncView>
        <BudgetCard />
        <section className="panel" aria-label="Cost of the newest runs">
          <header><Title order={2}>The newest runs</Title><Text size="xs" c="dimmed">Each dot is one run: when it began (UTC), what it cost. At most {RUNS_DRAWN}, whatever the time span above</Text></header>
          <AsyncView query={runs} what="runs" skeletonRows={3}>{({ items }) => <CostChart runs={items} />}</AsyncView>
        </section>
      </Stack>
    </Page>
  );
}

function Report({ report }: { report: Schemas['CostReport'] }) {
  return (
    <>
      <div className={`panel ${classes.figures}`}>
        <Figure name="Cost per ticket" usd={report.usd_per_ticket} large />
        <div><Text size="xs" c="dimmed">Tickets</Text><div className={classes.figure}>{formatQuantity(String(report.tickets))}</div></div>
        <Figure name="In all" usd={report.total_usd} />
        <div><Text size="xs" c="dimmed">Counted</Text><Text size="sm">{formatUtc(report.from)}<br />until {formatUtc(report.to)}</Text></div>
      </div>
      <div className={classes.tables}>
        <section className="panel table-panel" aria-label="By meter">
          <header><Title order={2}>By meter</Title></header>
          <Table>
            <Table.Thead><Table.Tr><Table.Th scope="col">Meter</Table.Th><Table.Th scope="col" ta="right">Quantity</Table.Th><Table.Th scope="col" ta="right">Amount</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {report.by_meter.map(({ meter, quantity, unit, amount_usd }) => <Table.Tr key={`${meter} ${unit}`}><Table.Td>{meter}</Table.Td><Table.Td ta="right" className="tabular">{formatQuantity(quantity)} {unit}</Table.Td><Table.Td ta="right" className="tabular">{formatUsd(amount_usd)}</Table.Td></Table.Tr>)}
              {report.by_meter.length === 0 ? <Table.Tr><Table.Td colSpan={3} c="dimmed">Nothing was metered in this time.</Table.Td></Table.Tr> : null}
            </Table.Tbody>
          </Table>
        </section>
        <section className="panel table-panel" aria-label="By workflow">
          <header><Title order={2}>By workflow</Title></header>
          <Table>
            <Table.Thead><Table.Tr><Table.Th scope="col">Workflow</Table.Th><Table.Th scope="col" ta="right">Tickets</Table.Th><Table.Th scope="col" ta="right">Amount</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {report.by_workflow.map(({ workflow_name, tickets, amount_usd }) => <Table.Tr key={workflow_name}><Table.Td>{workflow_name}</Table.Td><Table.Td ta="right" className="tabular">{tickets}</Table.Td><Table.Td ta="right" className="tabular">{formatUsd(amount_usd)}</Table.Td></Table.Tr>)}
              {report.by_workflow.length === 0 ? <Table.Tr><Table.Td colSpan={3} c="dimmed">No workflow ran in this time.</Table.Td></Table.Tr> : null}
            </Table.Tbody>
          </Table>
        </section>
      </div>
    </>
  );
}

function Figure({ name, usd, large = false }: { name: string; usd: string | null; large?: boolean }) {
  return (
    <div>
      <Text size="xs" c="dimmed">{name}</Text>
      <Tooltip label={usd === null ? 'No ticket in this time' : `${usd} USD`}><div className={classes.figure} data-large={large || undefined}>{usd === null ? 'no ticket' : formatUsd(usd)}</div></Tooltip>
    </div>
  );
}
