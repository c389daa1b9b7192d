import { RosterStore } from '@rollcall/roster';
import type { Rollcall } from './rollcall';
import { stopAfterTest } from './teardown';

/** Keeps every write to the service's store waiting, as a slow network would, until the returned function is called. */
export function holdWrites({ app }: Rollcall): () => void {
  const store = app.get(RosterStore);
  const apply = store.apply.bind(store);
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const holding = jest.spyOn(store, 'apply').mockImplementation(async (...batch) => {
    await held;
    return apply(...batch);
  });
  const release = (): void => {
    holding.mockRestore();
    letGo();
  };
  stopAfterTest(release);
  return release;
}
