/**
 * `npm run bench -- engine [--json] [--quick] [--kind read,write,http] [--in-flight 1,8,32,128] [--only countersign]`: governed runs per second
 * and how long each takes, next to DBOS and graphile-worker without any governance, on one PostgreSQL in one run.
 */
import { parseArgs } from 'node:util';
import type { StepKind } from './contender.ts';
import { EngineBenchError } from './errors.ts';
import { measureEngine } from './measure.ts';
import { asText, CONTENDERS } from './report.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, kind: { type: 'string' }, 'in-flight': { type: 'string' }, only: { type: 'string' } } });
const KINDS: readonly StepKind[] = ['read', 'write', 'http'];
const asked = <T extends string>(given: string | undefined, known: readonly T[], name: string): readonly T[] => {
  const found = given?.split(',').map((one) => known.find((candidate) => candidate === one));
  if (found?.includes(undefined)) throw new EngineBenchError('arguments_invalid', `--${name} takes ${known.join(', ')}, separated by commas.`);
  return found?.filter((one) => one !== undefined) ?? known;
};

const figures = await measureEngine({
  kinds: values.kind === undefined ? ['write', 'http'] : asked(values.kind, KINDS, 'kind'),
  contenders: asked(values.only, CONTENDERS, 'only'),
  inFlight: (values['in-flight'] ?? (values.quick === true ? '1,32' : '1,8,32,128')).split(',').map(Number),
  durationMs: values.quick === true ? 3_000 : 8_000,
  warmUpMs: 2_000,
  calibrationMs: 1_500,
});
process.stdout.write(values.json === true ? `${JSON.stringify(figures, null, 2)}\n` : asText(figures));
