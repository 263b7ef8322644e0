import { hundredths, STEPS } from './contender.ts';
import type { Measured, Place, StepKind } from './contender.ts';
import { startLocalServer } from './local-server.ts';
import { startContender, startPostgres } from './processes.ts';
import type { ContenderProcess } from './processes.ts';
import type { ContenderName, EngineFigures, LoadFigures } from './report.ts';
import { commitRate, commitsOf, createDatabase } from './repository-server.ts';

export interface Extent {
  readonly kinds: readonly StepKind[];
  readonly contenders: readonly ContenderName[];
  readonly inFlight: readonly number[];
  /** Of each contender at each load. */
  readonly durationMs: number;
  readonly warmUpMs: number;
  /** Of each measurement of the machine's commit rate. */
  readonly calibrationMs: number;
}

/** All contenders on one server, in turns, in one run. */
export async function measureEngine(extent: Extent): Promise<EngineFigures[]> {
  const figures: EngineFigures[] = [];
  for (const kind of extent.kinds) figures.push(await measureKind(kind, extent));
  return figures;
}

async function measureKind(kind: StepKind, { contenders: names, inFlight, durationMs, warmUpMs, calibrationMs }: Extent): Promise<EngineFigures> {
  const [server, local] = [await startPostgres(), await startLocalServer()];
  const started: Array<{ name: ContenderName; url: string; process: ContenderProcess }> = [];
  try {
    const calibration = await createDatabase(server.adminUrl, 'calibration');
    const rate = async (connections: number): Promise<number> => commitRate(calibration, connections, calibrationMs);
    const commit_rate = { 1: await rate(1), 8: await rate(8), 32: await rate(32) };
    for (const name of names) {
      const url = name === 'countersign' ? server.adminUrl : await createDatabase(server.adminUrl, name);
      const place: Place = { adminUrl: url, controlUrl: server.controlUrl, executionUrl: server.executionUrl, localServerUrl: local.url };
      started.push({ name, url, process: await startContender(name, kind, place) });
    }
    // What is compiled while it runs should be compiled before it counts.
    for (const { process } of started) await process.measure(8, warmUpMs);
    const loads: LoadFigures[] = [];
    for (const load of inFlight) {
      const commit_rate_8 = await rate(8);
      const contenders: Partial<Record<ContenderName, Measured & { commits_per_run: number }>> = {};
      for (const { name, url, process } of started) {
        const before = await commitsOf(url);
        const figures = await process.measure(load, durationMs);
        contenders[name] = { ...figures, commits_per_run: hundredths((await commitsOf(url) - before) / figures.runs) };
      }
      loads.push(withRatios(load, commit_rate_8, contenders));
    }
    return { kind, commit_rate, loads };
  } finally {
    for (const { process } of started) await process.stop();
    await local.stop();
    await server.stop();
  }
}

function withRatios(in_flight: number, commit_rate_8: number, contenders: LoadFigures['contenders']): LoadFigures {
  const { countersign: ours, dbos, graphile } = contenders;
  const over = (peer: Measured | undefined, value: (of: Measured) => number): number | undefined => (ours && peer ? hundredths(value(ours) / value(peer)) : undefined);
  const both = (value: (of: Measured) => number): LoadFigures['ratio'] => {
    const [toDbos, toGraphile] = [over(dbos, value), over(graphile, value)];
    return { ...(toDbos === undefined ? {} : { dbos: toDbos }), ...(toGraphile === undefined ? {} : { graphile: toGraphile }) };
  };
  return {
    in_flight, commit_rate_8, contenders, ratio: both((of) => of.runs_per_s), p50_ratio: both((of) => of.p50_ms),
    steps_per_commit_rate: hundredths((ours?.runs_per_s ?? Number.NaN) * STEPS / commit_rate_8),
  };
}
