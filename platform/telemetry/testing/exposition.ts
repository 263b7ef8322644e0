/** One line of the text exposition format. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ExposedMetric {
  readonly type: string;
  readonly help: string;
  readonly samples: ExposedSample[];
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

/**
 * Reads what Prometheus scrapes, strictly: every sample belongs to a metric with HELP and TYPE before it, no line comes twice, histograms add up.
 * Written from the specification and without prom-client, so that it can disagree with it.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function readExposition(text: string): Map<string, ExposedMetric> {
  const metrics = new Map<string, ExposedMetric>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  if (!text.endsWith('\n')) throw new SyntaxError('The last line does not end with a line feed');
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, about, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (about === 'HELP') helps.set(name, rest);
    else if (about === 'TYPE') addMetric(metrics, name, rest, helps.get(name));
    else if (!line.startsWith('#')) addSample(metrics, seen, line);
  }
  for (const [name, metric] of metrics) if (metric.type === 'histogram') checkHistogram(name, metric);
  return metrics;
}

function addMetric(metrics: Map<string, ExposedMetric>, name: string, type: string, help: string | undefined): void {
  if (metrics.has(name)) throw new SyntaxError(`${name} comes twice`);
  if (help === undefined || help === '') throw new SyntaxError(`${name} has no HELP before its TYPE`);
  if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(type)) throw new SyntaxError(`${name} has no known type: ${type}`);
  metrics.set(name, { type, help, samples: [] });
}

function addSample(metrics: Map<string, ExposedMetric>, seen: Set<string>, line: string): void {
  const [, name = '', labelText = '', valueText = ''] = LINE.exec(line) ?? [];
  const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
  if (metric === undefined) throw new SyntaxError(`No metric was announced for the line: ${line}`);
  const key = line.slice(0, line.lastIndexOf(' '));
  if (seen.has(key)) throw new SyntaxError(`A series comes twice: ${key}`);
  seen.add(key);
  metric.samples.push({ name, labels: labelsOf(labelText, line), value: valueOf(valueText, line) });
}

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined || name in labels) throw new SyntaxError(`Labels cannot be read: ${line}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function valueOf(text: string, line: string): number {
  const value = text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
  // Prometheus reads it by Go's ParseFloat, to which case is nothing; prom-client writes `Nan`.
  if (!/^nan$/i.test(text) && Number.isNaN(value)) throw new SyntaxError(`Not a number: ${line}`);
  return value;
}

function checkHistogram(name: string, { samples }: ExposedMetric): void {
  for (const count of samples.filter((sample) => sample.name === `${name}_count`)) {
    const isOfSame = ({ labels: { le: _le, ...labels } }: ExposedSample): boolean => JSON.stringify(Object.entries(labels).toSorted()) === JSON.stringify(Object.entries(count.labels).toSorted());
    const buckets = samples.filter((sample) => sample.name === `${name}_bucket` && isOfSame(sample)).map(({ labels, value }) => ({ le: valueOf(labels['le'] ?? '', name), value }));
    const grows = buckets.every(({ le, value }, i) => i === 0 || (le > buckets[i - 1]!.le && value >= buckets[i - 1]!.value));
    if (!grows || buckets.at(-1)?.le !== Infinity || buckets.at(-1)?.value !== count.value) throw new SyntaxError(`The buckets of ${name} do not add up`);
    if (!samples.some((sample) => sample.name === `${name}_sum` && isOfSame(sample))) throw new SyntaxError(`${name} has no sum`);
  }
}
