import { Table, Text, Title } from '@mantine/core';
import { useMemo } from 'react';
import type { Schemas } from '../api/client.ts';
import { formatDuration } from '../format/time.ts';
import { LinePlot } from '../parts/line-plot.tsx';
import { latencyLines, newestInWords, rateText, throughputLines } from './board-lines.ts';
import classes from './operations.module.css';

/** Throughput and latency over time, and for each workflow in sum. */
export function BoardCharts({ board }: { board: Schemas['Board'] }) {
  const throughput = useMemo(() => throughputLines(board), [board]);
  const latency = useMemo(() => latencyLines(board), [board]);
  const every = formatDuration(board.bucket_ms);
  return (
    <>
      <div className={classes.charts}>
        <section className="panel" aria-label="Throughput">
          <header><Title order={2}>Throughput</Title><Text size="xs" c="dimmed">Per minute, a point for each {every}, UTC</Text></header>
          <LinePlot {...throughput} valueText={rateText} label={`Throughput per minute: ${newestInWords(throughput, rateText)}`} />
        </section>
        <section className="panel" aria-label="Latency">
          <header><Title order={2}>Latency</Title><Text size="xs" c="dimmed">A point for each {every}, UTC</Text></header>
          <LinePlot {...latency} valueText={formatDuration} label={`Latency: ${newestInWords(latency, formatDuration)}`} />
        </section>
      </div>
      <ByWorkflow board={board} />
    </>
  );
}

const NUMBERS = ['Runs ended', 'Failed', 'Steps claimed', 'Retries', 'Dead', 'Wait, median', 'Wait, 95 %', 'Step, median', 'Step, 95 %', 'Step, 99 %', 'Run, median'];

function ByWorkflow({ board: { workflows, workflows_left_out, totals } }: { board: Schemas['Board'] }) {
  return (
    <section className="panel" aria-label="Throughput by workflow">
      <header><Title order={2}>In this time</Title><Text size="xs" c="dimmed">The busiest first</Text></header>
      <div className="table-panel" tabIndex={0} role="region" aria-label="Throughput by workflow as a table">
        <Table className={classes.numbers} horizontalSpacing="sm">
          <Table.Thead><Table.Tr><Table.Th scope="col">Workflow</Table.Th><Table.Th scope="col">Environment</Table.Th>{NUMBERS.map((name) => <Table.Th key={name} scope="col" ta="right">{name}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {workflows.map((one) => <FigureRow key={`${one.workflow_name} ${one.environment}`} name={one.workflow_name} environment={one.environment} figures={one} />)}
            <FigureRow name="All" environment="" figures={totals} />
          </Table.Tbody>
        </Table>
      </div>
      {workflows_left_out === 0 ? null : <Text size="xs" c="dimmed" p="md">{workflows_left_out} less busy ones are only in the sum.</Text>}
    </section>
  );
}

function FigureRow({ name, environment, figures }: { name: string; environment: string; figures: Schemas['BoardFigures'] }) {
  const ended = figures.runs_succeeded + figures.runs_failed + figures.runs_cancelled;
  const counts = [ended, figures.runs_failed, figures.steps_claimed, figures.steps_retried, figures.steps_dead];
  const times = [figures.queue_wait.p50_ms, figures.queue_wait.p95_ms, figures.step_duration.p50_ms, figures.step_duration.p95_ms, figures.step_duration.p99_ms, figures.run_duration.p50_ms];
  return (
    <Table.Tr>
      <Table.Td fw={550}>{name}</Table.Td>
      <Table.Td>{environment}</Table.Td>
      {counts.map((count, place) => <Table.Td key={NUMBERS[place]} ta="right">{rateText(count)}</Table.Td>)}
      {times.map((ms, place) => <Table.Td key={NUMBERS[counts.length + place]} ta="right">{ms === null ? <Text span c="dimmed" inherit>none</Text> : formatDuration(ms)}</Table.Td>)}
    </Table.Tr>
  );
}
