import type { ServerResponse } from 'node:http';
import type { operations } from '@countersign/contracts/openapi/api.generated.ts';
import type { CellOperationId, OperationId, PublicOperationId } from '@countersign/contracts/openapi/permissions.ts';
import type { Principal } from '../identity/principal.ts';

type Part<Op extends OperationId, Place extends 'path' | 'query' | 'header'> = NonNullable<operations[Op]['parameters'][Place]>;

type BodyOf<Op extends OperationId> = operations[Op] extends { requestBody: { content: infer Content } } ? Content[keyof Content] : undefined;

/** One request that was authenticated, allowed and checked against the contract. */
export interface Call<Op extends OperationId> {
  readonly requestId: string;
  /** Null for operations that no principal of a tenant calls. */
  readonly principal: Op extends PublicOperationId | CellOperationId ? null : Principal;
  /** Which key of the cell it was called with. */
  readonly operator: Op extends CellOperationId ? string : null;
  readonly path: Part<Op, 'path'>;
  readonly query: Part<Op, 'query'>;
  readonly headers: Part<Op, 'header'>;
  readonly body: BodyOf<Op>;
  /** Where the request comes from, as far as we can tell: see platform/http/client-address.ts. */
  readonly address: string;
  /** Aborts when the client has gone: whoever holds an answer back need not go on. */
  readonly signal: AbortSignal;
}

type AnswerBody<Response> = Response extends { content: { 'application/json': infer Json } } ? { readonly body: Json }
  : Response extends { content: { 'text/event-stream': string } | { 'application/x-ndjson': string } } ? { readonly stream: (response: ServerResponse) => void }
    : Response extends { content: infer Content } ? [Content] extends [undefined] ? object : { readonly bytes: Uint8Array; readonly mediaType: keyof Content }
      : object;

type SuccessStatus<Op extends OperationId> = Exclude<keyof operations[Op]['responses'], 'default'>;

/** What the contract lets an operation answer with; everything else is thrown as ApiError. */
export type Answer<Op extends OperationId> = {
  [Status in SuccessStatus<Op>]: { readonly status: Status; readonly headers?: Readonly<Record<string, string>> } & AnswerBody<operations[Op]['responses'][Status]>;
}[SuccessStatus<Op>];

export type Handler<Op extends OperationId> = (call: Call<Op>) => Promise<Answer<Op>>;

/** Every operation but what other systems send and sign, which has ways of its own. */
export type RoutedOperationId = Exclude<OperationId, 'ingest' | 'slackRequest' | `scim${string}`>;
export type Handlers = { readonly [Op in RoutedOperationId]: Handler<Op> };

/** Any answer, as the transport sees it. */
export interface AnyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly bytes?: Uint8Array;
  readonly mediaType?: string;
  readonly stream?: (response: ServerResponse) => void;
}
