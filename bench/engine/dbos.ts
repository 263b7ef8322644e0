import { DBOS } from '@dbos-inc/dbos-sdk';
import { keepInFlight, STEPS } from './contender.ts';
import type { Contender, Place, StepKind } from './contender.ts';
import { askLocalServer } from './local-server.ts';

/** DBOS as its documentation shows it: a workflow of five steps, called directly, its own defaults. Nothing of it is governed. */
export async function startDbos({ adminUrl, localServerUrl }: Place, kind: StepKind): Promise<Contender> {
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: adminUrl, logLevel: 'error' });
  const step = kind === 'http' ? () => askLocalServer(localServerUrl) : async () => undefined;
  const workflow = DBOS.registerWorkflow(async (_id: string) => {
    for (let n = 0; n < STEPS; n++) await DBOS.runStep(step, { name: `step${n}` });
  }, { name: 'five_steps' });
  await DBOS.launch();
  let count = 0;
  return {
    measure: (inFlight, durationMs) => keepInFlight(() => workflow(`thing-${++count}`), inFlight, durationMs),
    stop: () => DBOS.shutdown(),
  };
}
