/** When an API key was last used on a pod. */
export interface KeyUse {
  readonly app: string;
  /** The first 8 hexadecimal digits of the key's SHA-256. */
  readonly sha256Prefix: string;
  readonly atMs: number;
}

/** What a pod tells of itself with each beat. */
export interface PodNews {
  readonly instance: string;
  readonly dc: string;
  readonly version: string;
  /** When the process started, in ms since 1970. */
  readonly startedAtMs: number;
  readonly connections: number;
  /** How many changes the view furthest behind had yet to see. */
  readonly viewLag: number;
  /** Of the keys used last. Absent: a pod of an earlier version, which does not tell. */
  readonly keyUses?: readonly KeyUse[];
}

export interface PodSeen extends PodNews {
  /** How long ago its last beat was, by the store's clock. */
  readonly beatAgeMs: number;
}

/** The pods of a data centre, as they tell it themselves. A pod that has been silent for a lease is not listed. */
export abstract class PodRegistry {
  /** @throws StoreUnavailable */
  abstract announce(news: PodNews): Promise<void>;

  abstract withdraw(instance: string): Promise<void>;

  /** @throws StoreUnavailable */
  abstract list(): Promise<readonly PodSeen[]>;
}

/** The registry of a pod that is alone. */
export class MemoryPodRegistry extends PodRegistry {
  private readonly pods = new Map<string, { readonly news: PodNews; readonly atMs: number }>();

  constructor(private readonly now: () => number) {
    super();
  }

  override announce(news: PodNews): Promise<void> {
    this.pods.set(news.instance, { news, atMs: this.now() });
    return Promise.resolve();
  }

  override withdraw(instance: string): Promise<void> {
    this.pods.delete(instance);
    return Promise.resolve();
  }

  override list(): Promise<readonly PodSeen[]> {
    return Promise.resolve(
      [...this.pods.values()].map(({ news, atMs }) => ({ ...news, beatAgeMs: this.now() - atMs })),
    );
  }
}
