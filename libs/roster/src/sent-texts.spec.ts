import { SentTexts } from './sent-texts';

const LARGE = 65_536;

describe('Large texts that are sent', () => {
  let made: number;
  let texts: SentTexts;
  const make = (bytes: number) => (): Buffer => {
    made += 1;
    return Buffer.alloc(bytes, 'x');
  };

  beforeEach(() => {
    made = 0;
    texts = new SentTexts();
  });

  it('are the same bytes for all who ask for the same while they are sent', () => {
    const sent = texts.of('a', make(LARGE));
    for (let n = 0; n < 10; n += 1) expect(texts.of('a', make(LARGE))).toBe(sent);
    expect(texts.of('b', make(LARGE))).not.toBe(sent);
    expect(made).toBe(2);
  });

  it('are made anew when what they show has changed', () => {
    const sent = texts.of('a', make(LARGE));
    texts.clear();
    expect(texts.of('a', make(LARGE))).not.toBe(sent);
  });

  it('are made for everybody where they are small', () => {
    const sent = texts.of('a', make(LARGE - 1));
    expect(texts.of('a', make(LARGE - 1))).not.toBe(sent);
  });

  it('are remembered for some keys alone', () => {
    const sent = Array.from({ length: 65 }, (_, n) => texts.of(`${n}`, make(LARGE)));
    expect(texts.of('64', make(LARGE))).toBe(sent[64]);
    expect(texts.of('1', make(LARGE))).toBe(sent[1]);
    expect(texts.of('0', make(LARGE))).not.toBe(sent[0]);
  });
});
