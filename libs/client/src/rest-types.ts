import type { paths } from './rest.generated';

export type Method = 'get' | 'post' | 'put' | 'delete';

type Operation = { readonly responses: object };

/** The paths that take a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Readonly<Record<M, Operation>> ? P : never;
}[keyof paths];

type OperationOf<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;

type JsonOf<Response> = Response extends { readonly content: { readonly 'application/json': infer Body } }
  ? Body
  : undefined;

type ResponsesOf<P extends keyof paths, M extends Method> =
  OperationOf<P, M> extends { readonly responses: infer Responses } ? Responses : never;

/** What a call resolves with: the bodies of its successes. */
export type BodyOf<P extends keyof paths, M extends Method> = {
  [Status in keyof ResponsesOf<P, M>]: Status extends 200 | 201 | 204 ? JsonOf<ResponsesOf<P, M>[Status]> : never;
}[keyof ResponsesOf<P, M>];

type ParametersOf<P extends keyof paths, M extends Method, In extends 'path' | 'query'> =
  OperationOf<P, M> extends { readonly parameters: { readonly [Key in In]?: infer Parameters } }
    ? NonNullable<Parameters>
    : never;

type RequestBodyOf<P extends keyof paths, M extends Method> =
  OperationOf<P, M> extends { readonly requestBody?: { readonly content: { readonly 'application/json': infer Body } } }
    ? Body
    : never;

/** A field that is there if there is something to say, and has to be if nothing would not do. */
type Field<Name extends string, Value> = [Value] extends [never]
  ? { readonly [Key in Name]?: undefined }
  : object extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value };

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export type RestRequest<P extends keyof paths, M extends Method> = CallOptions &
  Field<'path', ParametersOf<P, M, 'path'>> &
  Field<'query', ParametersOf<P, M, 'query'>> &
  Field<'body', RequestBodyOf<P, M>>;

/** The request may be left out where nothing has to be said. */
export type RestArguments<P extends keyof paths, M extends Method> =
  object extends RestRequest<P, M> ? [request?: RestRequest<P, M>] : [request: RestRequest<P, M>];

/** How fresh a data centre's figures are: `age` of the last ones in seconds where they are stale. */
export interface DatacenterState {
  readonly dc: string;
  readonly state: string;
  readonly ageSeconds?: number;
}

export interface RestAnswer<Body> {
  readonly status: number;
  /** Names of channels and users are keys of plain objects here: ask with `Object.hasOwn`, or go through `Object.entries`. */
  readonly body: Body;
  /** The point in the roster that the answer shows. */
  readonly cursor?: string;
  /** How old the answer is while Redis is away; absent: it is of now. */
  readonly staleSeconds?: number;
  /** Of `/message/allusers`. */
  readonly datacenters?: readonly DatacenterState[];
  readonly headers: Headers;
}
