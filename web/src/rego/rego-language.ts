import { StreamLanguage, type StreamParser, type StringStream } from '@codemirror/language';
import { tags } from '@lezer/highlight';

/** Words of Rego v1 (OPA's grammar: `package`, rule heads, bodies). `input` and `data` are no keywords but the two documents. */
const KEYWORDS = new Set(['package', 'import', 'as', 'default', 'else', 'every', 'some', 'in', 'not', 'with', 'if', 'contains']);
const ATOMS = new Set(['true', 'false', 'null']);
const DOCUMENTS = new Set(['input', 'data']);

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
/** A reference as far as a call goes: `count(`, `time.parse_rfc3339_ns(`, `strings.any_prefix_match(`. */
const CALL = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?=\()/;
const WORD = /^[A-Za-z_]\w*/;
const OPERATOR = /^(?::=|==|!=|<=|>=|[=<>+\-*/%&|])/;

interface RegoState {
  /** Inside a raw string, which may go over lines. */
  raw: boolean;
  /** Brackets that are open. */
  depth: number;
  /** The last token was a dot: what follows is a field, whatever word it is. */
  afterDot: boolean;
}

const parser: StreamParser<RegoState> = {
  name: 'rego',
  startState: () => ({ raw: false, depth: 0, afterDot: false }),
  token(stream, state) {
    if (state.raw) return rawString(stream, state);
    if (stream.eatSpace()) return null;
    const afterDot = state.afterDot;
    state.afterDot = false;
    if (stream.match('#')) {
      stream.skipToEnd();
      return 'comment';
    }
    if (stream.match('`')) return rawString(stream, state);
    if (stream.match('"')) return quotedString(stream);
    if (!afterDot && stream.match(NUMBER)) return 'number';
    if (stream.match(CALL)) return 'call';
    if (stream.match(WORD)) return afterDot ? 'field' : kindOf(stream.current());
    if (stream.match('.')) {
      state.afterDot = true;
      return null;
    }
    if (stream.match(OPERATOR)) return 'operator';
    const bracket = stream.next() ?? '';
    if ('([{'.includes(bracket)) state.depth += 1;
    if (')]}'.includes(bracket)) state.depth = Math.max(0, state.depth - 1);
    return null;
  },
  indent: ({ depth }, textAfter, { unit }) => Math.max(0, depth - (/^\s*[)\]}]/.test(textAfter) ? 1 : 0)) * unit,
  languageData: {
    commentTokens: { line: '#' },
    closeBrackets: { brackets: ['(', '[', '{', '"', '`'] },
    indentOnInput: /^\s*[)\]}]$/,
  },
  tokenTable: { call: tags.function(tags.variableName), field: tags.propertyName, document: tags.definition(tags.propertyName), operator: tags.operator },
};

/** Rego for CodeMirror: colours, comments, brackets, and indentation by a tab as `opa fmt` writes it. */
export const rego = StreamLanguage.define(parser);

function kindOf(word: string): string | null {
  if (KEYWORDS.has(word)) return 'keyword';
  if (ATOMS.has(word)) return 'atom';
  return DOCUMENTS.has(word) ? 'document' : 'variableName';
}

function rawString(stream: StringStream, state: RegoState): string {
  state.raw = !stream.skipTo('`');
  if (state.raw) stream.skipToEnd();
  else stream.next();
  return 'string';
}

/** A quoted string ends with its line: one that is not closed is the compiler's to tell. */
function quotedString(stream: StringStream): string {
  for (let letter = stream.next(); letter !== undefined && letter !== '"'; letter = stream.next()) {
    if (letter === '\\') stream.next();
  }
  return 'string';
}
