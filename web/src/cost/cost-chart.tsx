import 'uplot/dist/uPlot.min.css';
import { Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import type { RunSummary } from '../api/client.ts';
import { formatUsd, sumUsd } from '../format/money.ts';
import { PLOT_COLOURS, plotBase } from '../parts/plot-look.ts';
import { chartPoints } from './chart-points.ts';
import classes from './cost.module.css';

const HEIGHT = 220;

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

function options(width: number, scheme: 'light' | 'dark'): uPlot.Options {
  const { ink } = PLOT_COLOURS[scheme];
  return {
    ...plotBase(width, HEIGHT, scheme, (value) => formatUsd(value.toFixed(9)), 84),
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.15 : 0.01] } },
    series: [{}, { label: 'Cost', stroke: ink, paths: () => null, points: { show: true, size: 6, fill: ink } }],
  };
}
