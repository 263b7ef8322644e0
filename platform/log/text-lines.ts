/** Where lines go to: standard output, as a process has it. */
export interface LineSink {
  write(line: string): unknown;
}

const META: ReadonlySet<string> = new Set(['level', 'time', 'service', 'msg', 'err']);

/** Turns each JSON line of a logger into one for people: time, level, what happened, and the rest as `name=value`. */
export function textLines(sink: LineSink): LineSink {
  return { write: (line) => sink.write(`${textOf(JSON.parse(line) as Readonly<Record<string, unknown>>)}\n`) };
}

function textOf(entry: Readonly<Record<string, unknown>>): string {
  const { time, level, msg, err } = entry;
  const rest = Object.entries(entry).filter(([name]) => !META.has(name)).map(([name, value]) => `${name}=${typeof value === 'string' ? plain(value) : JSON.stringify(value)}`);
  const error = err === undefined ? [] : [`error=${errorOf(err as Readonly<Record<string, unknown>>)}`];
  return [String(time), String(level).toUpperCase().padEnd(5), plain(String(msg ?? '')), ...rest, ...error].join(' ');
}

/** Its code and what it says; the stack is for the JSON form. */
function errorOf({ code, message }: Readonly<Record<string, unknown>>): string {
  return plain([code, message].filter((part) => typeof part === 'string').join(': '));
}

/** One entry is one line, whatever somebody else's text holds. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (sign) => (sign === '\n' ? '\\n' : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
