/**
 * The built-in functions that policy may use: those that are compiled into the WASM itself and give the same answer every time.
 *
 * Left out: what reads the world (http.send, time.now_ns, rand, opa.runtime), and what the JavaScript host would have to answer
 * (sprintf, json.patch, yaml, ...), because its answers differ from OPA's in places. Source: OPA 1.22, internal/compiler/wasm.
 */
export const ALLOWED_BUILTINS: readonly string[] = [
  'eq', 'assign', 'equal', 'neq', 'gt', 'gte', 'lt', 'lte',
  'plus', 'minus', 'mul', 'div', 'rem', 'abs', 'round', 'ceil', 'floor', 'numbers.range', 'to_number',
  'count', 'sum', 'product', 'max', 'min', 'sort',
  'and', 'or', 'intersection', 'union', 'internal.member_2', 'internal.member_3',
  'array.concat', 'array.reverse', 'array.slice',
  'object.filter', 'object.get', 'object.keys', 'object.remove', 'object.union', 'object.union_n', 'json.filter', 'json.remove', 'walk',
  'concat', 'contains', 'startswith', 'endswith', 'indexof', 'substring', 'split', 'replace',
  'trim', 'trim_left', 'trim_right', 'trim_prefix', 'trim_suffix', 'trim_space',
  'is_array', 'is_boolean', 'is_null', 'is_number', 'is_object', 'is_set', 'is_string', 'type_name',
  'net.cidr_contains',
];
