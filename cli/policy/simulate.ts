import { readFile } from 'node:fs/promises';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { CliError } from '../errors.ts';
import { printJson, say } from '../output.ts';
import { parseJson, readFolder } from './folder.ts';
import { simulateHere } from './offline.ts';
import { findPlace, makeDraft } from './place.ts';
import { simulatedText } from './show-decision.ts';
import { problemsText } from './show-report.ts';

type Simulation = components['schemas']['Simulation'];

export interface SimulateOptions {
  readonly input?: string;
  readonly decision?: string;
  readonly environment?: string;
  readonly json?: boolean;
}

/**
 * One question to the folder. An input from a file is asked here, on the shipped base and packs; with --environment, and for a recorded
 * decision always, in the control plane, on everything that the environment has. A recorded input does not leave the server.
 */
export async function simulate(folder: string, options: SimulateOptions): Promise<void> {
  if ((options.input === undefined) === (options.decision === undefined)) throw new CliError('input_invalid', 'Name one question: --input FILE, or --decision ID.');
  if (options.input !== undefined && options.environment === undefined) return simulateHere(folder, options.input, options);
  const policy = await readFolder(folder);
  const api = new ApiClient(readConfig());
  const environment = options.environment ?? (await api.decision(options.decision ?? '')).environment;
  const place = await findPlace(api, policy.layer, environment);
  const draft = await makeDraft(api, policy, place);
  const shown = { folder, layer: policy.layer };
  if (!draft.valid) {
    process.exitCode = 1;
    if (options.json === true) return printJson({ draft });
    process.stdout.write(`${problemsText(draft.report, shown)}\n`);
    return;
  }
  const subject = options.decision === undefined ? { input: await readInput(options.input ?? '') } : { decision_id: options.decision };
  const simulation = await api.simulatePolicy({ subject, against: { draft_id: draft.id } });
  if (options.json === true) return printJson(simulation);
  process.stdout.write(`${simulatedText({ decision: simulation.decision, reasons: simulation.explain.reasons.map(reasonOf) }, shown)}\n`);
  if (simulation.recorded !== null) say(recordedText(simulation.recorded, simulation.differs));
}

function reasonOf({ rule, message, file, line, lines }: Simulation['explain']['reasons'][number]): Parameters<typeof simulatedText>[0]['reasons'][number] {
  return { rule, message, place: file === null || line === null ? null : { file, line, text: lines.find((one) => one.line === line)?.text ?? '' } };
}

function recordedText({ id, outcome, decided_at: at }: NonNullable<Simulation['recorded']>, differs: boolean | null): string {
  return `${id} was decided ${outcome} at ${at}: ${differs === true ? 'this comes out otherwise' : 'this comes out the same'}.`;
}

async function readInput(file: string): Promise<Record<string, unknown>> {
  const source = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${file} cannot be read: ${cause.message}`, { cause });
  });
  const input = parseJson(source, file);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new CliError('input_invalid', `${file} holds no JSON object.`);
  return input as Record<string, unknown>;
}
