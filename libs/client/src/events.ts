import type { ClientToServerEvents } from '@rollcall/contract';

export type EventName = keyof ClientToServerEvents;

export type Request<Event extends EventName> = Parameters<ClientToServerEvents[Event]>[0];

type Acknowledged<Event extends EventName> = Parameters<NonNullable<Parameters<ClientToServerEvents[Event]>[1]>>[0];

type WithoutOk<Told> = Told extends { readonly ok: true } ? Omit<Told, 'ok'> : never;

/** What an acknowledgement adds to its `ok`. */
export type Answer<Event extends EventName> = WithoutOk<Acknowledged<Event>>;
