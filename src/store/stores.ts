import type { PodRegistry, RosterReader, RosterStore, UserDirectory } from '@rollcall/roster';
import type { SharedCounter, SocketMessages } from '@rollcall/redis';

/** Another data centre, which can be looked at from here and not be changed. */
export interface OtherDatacenter {
  readonly dc: string;
  readonly rosters: RosterReader;
  readonly directory: UserDirectory;
  readonly pods: Pick<PodRegistry, 'list'>;
}

/** Where this pod keeps what pods share: all of it in one place, chosen once, at the start. */
export abstract class Stores {
  abstract readonly kind: 'memory' | 'redis';
  abstract readonly rosters: RosterStore;
  abstract readonly directory: UserDirectory;
  abstract readonly pods: PodRegistry;
  /** How messages reach the sockets of other pods; absent where there are none. */
  abstract readonly messages?: SocketMessages;

  /** Counts over all pods; absent where there are no others. */
  abstract readonly counter?: SharedCounter;
  abstract readonly others: readonly OtherDatacenter[];

  /** Why this pod cannot do its work now, in words; `undefined` if it can. */
  abstract fault(): string | undefined;

  /** Resolves at the first contact. @throws Error if what is there cannot be used. */
  abstract ready(): Promise<void>;

  /** Calls back whenever what is there was away, and is back. */
  abstract onReturn(listener: () => void): void;

  /** Lets go of what nobody needs any more. */
  abstract trim(): void;

  abstract close(): Promise<void>;
}
