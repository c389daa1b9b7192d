import { AnswerReader, type RawAnswer } from './answer-reader';

const head = (length: number, status = 200): string => `HTTP/1.1 ${status} Fine\r\nContent-Length: ${length}\r\n\r\n`;

function read(chunks: readonly string[], keepsBodies = true): { status: number; bytes: number; body?: string }[] {
  const answers: RawAnswer[] = [];
  const reader = new AnswerReader(keepsBodies, (answer) => answers.push(answer));
  for (const chunk of chunks) reader.take(Buffer.from(chunk));
  return answers.map(({ status, bytes, body }) => ({ status, bytes, body: body?.toString() }));
}

describe('answers on one connection', () => {
  const text = `${head(5)}hello${head(0, 503)}${head(3, 201)}bye`;
  const answers = [
    { status: 200, bytes: head(5).length + 5, body: 'hello' },
    { status: 503, bytes: head(0).length, body: '' },
    { status: 201, bytes: head(3).length + 3, body: 'bye' },
  ];

  it('are told apart in one piece', () => expect(read([text])).toEqual(answers));

  it('are told apart wherever they are cut', () => {
    for (let at = 1; at < text.length; at += 1) expect(read([text.slice(0, at), text.slice(at)])).toEqual(answers);
    expect(read([...text])).toEqual(answers);
  });

  it('are only counted if nobody reads them', () => {
    expect(read([text], false)).toEqual(answers.map((answer) => ({ ...answer, body: undefined })));
  });

  it('must say how long they are', () => {
    expect(() => read(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'])).toThrow(/no length/);
  });
});
