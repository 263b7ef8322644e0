import uPlot from 'uplot';

type Scheme = 'light' | 'dark';

/** A canvas knows no CSS variables: the theme's own colours, by hand. Series are told apart by their dashes, too. */
export const PLOT_COLOURS = {
  light: { ink: '#3645ae', text: '#635f58', grid: '#e4e1dc', series: ['#3645ae', '#1a6b3c', '#8a4b00', '#b3261e'] },
  dark: { ink: '#a3aef3', text: '#9ea3b0', grid: '#272b35', series: ['#a3aef3', '#6fd197', '#f0b866', '#ff9a91'] },
} as const;

/** What every chart has in common: no legend of the library's (ours is text beside it), no dragging, UTC, a quiet grid. */
export function plotBase(width: number, height: number, scheme: Scheme, valueText: (value: number) => string, valueWidth: number): Omit<uPlot.Options, 'series'> {
  const { text, grid } = PLOT_COLOURS[scheme];
  const axis = { stroke: text, font: '11px Inter Variable, sans-serif', grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    tzDate: (at_s) => uPlot.tzDate(new Date(at_s * 1_000), 'Etc/UTC'),
    padding: [8, 16, 0, 0],
    axes: [
      { ...axis, size: 34, space: 90, values: (_plot, times, _axis, _space, step_s) => times.map((at_s) => axisTime(at_s, step_s)) },
      { ...axis, size: valueWidth, values: (_plot, values) => values.map(valueText) },
    ],
  };
}

/** `11-21 03:30`, or `03:30:15` where the marks are seconds apart; UTC like every absolute time in the console. */
export function axisTime(at_s: number, step_s: number): string {
  const text = new Date(at_s * 1_000).toISOString();
  return step_s < 60 ? text.slice(11, 19) : text.slice(5, 16).replace('T', ' ');
}
