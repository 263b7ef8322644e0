import type { paths } from '@countersign/contracts/openapi/api.generated.ts';

/** What the contract says of one operation, by its method and path: so a command that asks for something else does not compile. */

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** Inferred, not looked up: `paths[P][M]` would be compared for all paths and methods at once, which is more than the compiler takes. */
export type OperationAt<P extends keyof paths, M extends Method> = paths[P] extends { readonly [Key in M]?: infer Operation } ? Extract<Operation, { responses: unknown }> : never;

type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer Body } } } ? { readonly body: Body } : { readonly body?: never };
type PathOf<O> = O extends { parameters: { path: infer Path extends Record<string, string | number> } } ? { readonly path: Path } : { readonly path?: never };
type QueryOf<O> = O extends { parameters: { query?: infer Query } } ? { readonly query?: NonNullable<Query> } : { readonly query?: never };

/** What goes along: parts of the path, the query, the body; and the tag of what was read, where a change must not undo another's. */
export type CallOf<O> = PathOf<O> & QueryOf<O> & BodyOf<O> & { readonly etag?: string };

type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : never;
type Success<Responses> = { [Status in keyof Responses & (200 | 201 | 202)]: Json<Responses[Status]> }[keyof Responses & (200 | 201 | 202)];

/** The body of a success; nothing where the contract has only 204. */
export type AnswerOf<O> = O extends { responses: infer Responses } ? Success<Responses> : never;

/** `/people/{principal_id}` with its parts filled in, each escaped. */
export function pathOf(template: string, parts: Readonly<Record<string, string | number>> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(parts[name] ?? '')));
}
