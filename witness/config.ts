import { parseArgs } from 'node:util';

export interface WitnessConfig {
  readonly host: string;
  readonly port: number;
  /** The name under which it signs, such as `witness.example/w1`. */
  readonly name: string;
  /** Holds its key and what it last saw of each log. */
  readonly dataFolder: string;
  /** Whose checkpoints it countersigns; see logs.ts. */
  readonly logsFile: string;
}

export type WitnessErrorCode = 'config_invalid' | 'logs_invalid' | 'key_exposed' | 'key_invalid' | 'data_in_use' | 'seen_invalid';

/** What keeps a witness from starting. */
export class WitnessError extends Error {
  override readonly name = 'WitnessError';
  readonly code: WitnessErrorCode;

  constructor(code: WitnessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const USAGE = `Usage: witness --name NAME --data DIR --logs FILE [--listen HOST:PORT]

  --name NAME          signs under this name, such as witness.example/w1
  --data DIR           holds its key (made at the first start) and what it last saw of each log
  --logs FILE          whose checkpoints it countersigns: docs/how-to/run-a-witness.md
  --listen HOST:PORT   default 127.0.0.1:7443
`;

/** @throws WitnessError `config_invalid` */
export function readConfig(args: readonly string[]): WitnessConfig {
  const { name, data, logs, listen = '127.0.0.1:7443' } = optionsOf(args);
  if (name === undefined || !/^[^\s+\p{C}]{1,200}$/u.test(name)) throw new WitnessError('config_invalid', `--name is missing, or holds spaces or plus signs.\n\n${USAGE}`);
  if (data === undefined || logs === undefined) throw new WitnessError('config_invalid', `--data and --logs are needed.\n\n${USAGE}`);
  const address = /^(.+):(\d{1,5})$/.exec(listen);
  if (address?.[1] === undefined || Number(address[2]) > 65_535) throw new WitnessError('config_invalid', `--listen is ${JSON.stringify(listen)}, not HOST:PORT.\n\n${USAGE}`);
  return { name, dataFolder: data, logsFile: logs, host: address[1].replace(/^\[(.*)\]$/, '$1'), port: Number(address[2]) };
}

function optionsOf(args: readonly string[]): Record<'name' | 'data' | 'logs' | 'listen', string | undefined> {
  try {
    const { values } = parseArgs({ args: [...args], options: { name: { type: 'string' }, data: { type: 'string' }, logs: { type: 'string' }, listen: { type: 'string' } } });
    return { name: values.name, data: values.data, logs: values.logs, listen: values.listen };
  } catch (cause) {
    throw new WitnessError('config_invalid', `${(cause as Error).message}\n\n${USAGE}`, { cause });
  }
}
