/* What a small POST costs without any framework: node:http reads the body, parses it, and sends a small answer. */
import { createServer } from 'node:http';
import { serve } from '../processes/verbs';
import { listen } from './listen';

function start({ answer }: { answer: string }): Promise<number> {
  const length = Buffer.byteLength(answer);
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { apiKey?: unknown };
      response.writeHead(typeof body.apiKey === 'string' ? 201 : 401, {
        'content-type': 'application/json',
        'content-length': length,
      });
      response.end(answer);
    });
  });
  return listen(http);
}

const verbs = { start };
export type BareVerbs = typeof verbs;

serve(verbs);
