import 'uplot/dist/uPlot.min.css';
import { Group, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { PLOT_COLOURS, plotBase } from './plot-look.ts';
import classes from './line-plot.module.css';

export interface Line {
  name: string;
  /** One for each time; null where nothing was measured. */
  values: ReadonlyArray<number | null>;
}

interface Props {
  /** Seconds since 1970, rising. */
  at_s: readonly number[];
  lines: readonly Line[];
  valueText: (value: number) => string;
  /** What the chart shows, with its newest figures, for who cannot see it. */
  label: string;
  height?: number;
}

const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

/** Lines over time. A gap is where nothing was measured; lines differ by dash as well as by colour. */
export function LinePlot({ at_s, lines, valueText, label, height = 180 }: Props) {
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme('light');
  const names = lines.map(({ name }) => name).join('|');
  const drawn = useRef<{ data: uPlot.AlignedData; valueText: Props['valueText'] }>({ data: [[]], valueText });
  drawn.current = { data: [[...at_s], ...lines.map(({ values }) => [...values])], valueText };
  // A chart that lives is given new figures; it is drawn anew only when its frame changes.
  useEffect(() => {
    if (canvas.current === null || width === 0) return undefined;
    plot.current = new uPlot(optionsOf(names.split('|'), width, height, scheme, (value) => drawn.current.valueText(value)), drawn.current.data, canvas.current);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names, width, height, scheme]);
  useEffect(() => plot.current?.setData(drawn.current.data), [at_s, lines]);

  return (
    <div className={classes.plot}>
      <Group gap="md" px="xs" component="ul" className={classes.legend}>
        {lines.map(({ name }, place) => <li key={name}><Swatch place={place} scheme={scheme} />{name}</li>)}
      </Group>
      <div ref={ref}><div ref={canvas} role="img" aria-label={label} style={{ minHeight: height }} /></div>
    </div>
  );
}

function Swatch({ place, scheme }: { place: number; scheme: 'light' | 'dark' }) {
  const { series } = PLOT_COLOURS[scheme];
  return <svg width={22} height={8} aria-hidden><line x1={0} x2={22} y1={4} y2={4} stroke={series[place % series.length]} strokeWidth={2} strokeDasharray={DASHES[place % DASHES.length]?.join(' ')} /></svg>;
}

function optionsOf(names: readonly string[], width: number, height: number, scheme: 'light' | 'dark', valueText: (value: number) => string): uPlot.Options {
  const { series } = PLOT_COLOURS[scheme];
  return {
    ...plotBase(width, height, scheme, valueText, 72),
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.15 : 1] } },
    series: [{}, ...names.map((label, place) => ({ label, stroke: series[place % series.length], width: 1.5, dash: DASHES[place % DASHES.length], points: { show: true, size: 5, fill: series[place % series.length], filter: alone }, spanGaps: false }))],
  };
}

/** Points with a gap on both sides: no line goes through them, so they are drawn as dots. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  const isGap = (place: number): boolean => (values[place] ?? null) === null;
  return [...values.keys()].filter((place) => !isGap(place) && isGap(place - 1) && isGap(place + 1));
}
