/** A promise that is settled from outside. */
export class Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve!: (value: Value) => void;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** Whatever this becomes, `other` becomes, too. */
  passTo(other: Deferred<Value>): void {
    void this.promise.then(other.resolve);
  }
}
