import autocannon from 'autocannon';
import type { Asking, Load, Question } from './question';

/**
 * Asks for small answers with autocannon. Its own percentiles are whole milliseconds, so each latency is taken from its
 * `response` event. (It makes a string of each body, which is no matter for small ones, and too much for a megabyte.)
 */
export function loadSmall(question: Question, { callers, ms }: Asking): Promise<Load> {
  const { port, method, path, headers, body } = question;
  const latenciesMs: number[] = [];
  let failed = 0;
  let answerBytes = 0;
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url: `http://127.0.0.1:${port}${path}`,
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body,
        connections: callers,
        duration: ms / 1000,
      },
      (error: Error | null, result: autocannon.Result) => {
        if (error !== null) return reject(error);
        const answers = latenciesMs.length;
        failed += result.errors;
        resolve({ answers, failed, seconds: ms / 1000, latenciesMs, answerBytes });
      },
    );
    instance.on('response', (_client, status, bytes, responseMs) => {
      latenciesMs.push(responseMs);
      answerBytes = bytes;
      if (status < 200 || status >= 300) failed += 1;
    });
  });
}
