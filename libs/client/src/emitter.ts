type Listener<Payload> = (payload: Payload) => void;

/** Events with one payload each. */
export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Listens until the returned function is called. */
  on<Event extends keyof Events>(event: Event, listener: Listener<Events[Event]>): () => void {
    // A function of its own: one listener may listen twice, and each goes away by itself.
    const own: Listener<Events[Event]> = (payload) => listener(payload);
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(own));
    return () => void all.delete(own);
  }

  /**
   * Tells all listeners. One that throws neither keeps the others from hearing it nor stops the work that goes on here:
   * its error surfaces as an uncaught one.
   */
  emit<Event extends keyof Events>(event: Event, payload: Events[Event]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      try {
        (listener as Listener<Events[Event]>)(payload);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }
}
