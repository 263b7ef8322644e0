import type { InputFields } from './input-fields.ts';
import type { ModuleFacts } from './module-facts.ts';

/** What an error is judged by. */
export interface ErrorContext {
  readonly files: ReadonlyMap<string, string>;
  readonly modules: ReadonlyMap<string, ModuleFacts>;
  readonly fields: InputFields;
  /** Every built-in that OPA has, allowed or not. */
  readonly builtins: ReadonlySet<string>;
  readonly allowed: ReadonlySet<string>;
}
