type Stop = () => void | Promise<void>;

const started: Stop[] = [];

/** Runs `stop` when the test is over, last started first. */
export const stopAfterTest = (stop: Stop): void => {
  started.push(stop);
};

afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});
