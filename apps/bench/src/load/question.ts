/** One HTTP request that is asked again and again. */
export interface Question {
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a time of asking came to. */
export interface Load {
  readonly answers: number;
  /** Answers that were no success, and connections that broke. */
  readonly failed: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
  /** Of the last answer, with its head. */
  readonly answerBytes: number;
}

export interface Asking {
  readonly callers: number;
  readonly ms: number;
  /** It may end earlier, after so many answers. */
  readonly answers?: number;
}

export function requestText({ port, method, path, headers = {}, body }: Question): string {
  const lines = [`${method} ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) {
    lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}
