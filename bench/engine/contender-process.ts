/** One contender in a process of its own: started by `processes.ts` with its name, the kind of its steps, and the place as JSON. */
import { startCountersign } from './countersign.ts';
import { measured } from './contender.ts';
import type { Contender, Place, StepKind } from './contender.ts';
import { startDbos } from './dbos.ts';
import { startGraphile } from './graphile.ts';
import type { FromContender, ToContender } from './processes.ts';

const STARTS: Readonly<Record<string, (place: Place, kind: StepKind) => Promise<Contender>>> = { countersign: startCountersign, dbos: startDbos, graphile: startGraphile };

const [name = '', kind = 'read', place = '{}'] = process.argv.slice(2);
const contender = await STARTS[name]!(JSON.parse(place) as Place, kind as StepKind);

process.on('message', (message: ToContender) => {
  if (message.do === 'stop') {
    void contender.stop().then(() => process.exit(0));
    return;
  }
  measured(contender, message.in_flight, message.duration_ms).then(
    (figures) => send({ figures }),
    (error: unknown) => send({ failed: String(error) }),
  );
});
process.once('disconnect', () => process.exit(1));
send({ ready: true });

function send(message: FromContender): void {
  process.send?.(message);
}
