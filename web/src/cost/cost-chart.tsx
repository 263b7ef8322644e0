import 'uplot/dist/uPlot.min.css';
import { Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import type { RunSummary } from '../api/client.ts';
import { formatUsd, sumUsd } from '../format/money.ts';
import { chartPoints } from './chart-points.ts';
import classes from './cost.module.css';

const HEIGHT = 220;
const COLOURS = { light: { ink: '#3645ae', text: '#635f58', grid: '#e4e1dc' }, dark: { ink: '#a3aef3', text: '#9ea3b0', grid: '#272b35' } };

/** Runs as dots. They are not joined: between two runs there is nothing. */
export function CostChart({ runs }: { runs: readonly RunSummary[] }) {
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  useEffect(() => {
    if (canvas.current === null || width === 0 || runs.length === 0) return undefined;
    const plot = new uPlot(options(width, scheme), chartPoints(runs), canvas.current);
    return () => plot.destroy();
  }, [runs, width, scheme]);

  if (runs.length === 0) return <Text size="sm" c="dimmed" p="md">No run yet.</Text>;
  return (
    <div className={classes.chart} ref={ref}>
      <div ref={canvas} role="img" aria-label={`Cost of ${runs.length} runs, ${formatUsd(sumUsd(runs.map(({ cost_usd }) => cost_usd)))} in all`} />
    </div>
  );
}

/** `11-21 03:30`, or `03:30:15` where the marks are seconds apart; UTC like every absolute time in the console. */
function axisTime(at_s: number, step_s: number): string {
  const text = new Date(at_s * 1_000).toISOString();
  return step_s < 60 ? text.slice(11, 19) : text.slice(5, 16).replace('T', ' ');
}

function options(width: number, scheme: 'light' | 'dark'): uPlot.Options {
  const { ink, text, grid } = COLOURS[scheme];
  const axis = { stroke: text, font: '11px Inter Variable, sans-serif', grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    tzDate: (at_s) => uPlot.tzDate(new Date(at_s * 1_000), 'Etc/UTC'),
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.15 : 0.01] } },
    series: [{}, { label: 'Cost', stroke: ink, paths: () => null, points: { show: true, size: 6, fill: ink } }],
    padding: [8, 16, 0, 0],
    axes: [{ ...axis, size: 34, space: 90, values: (_plot, times, _axis, _space, step_s) => times.map((at_s) => axisTime(at_s, step_s)) }, { ...axis, size: 84, values: (_plot, values) => values.map((value) => formatUsd(value.toFixed(9))) }],
  };
}
