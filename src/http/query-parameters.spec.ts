import { PARAMETERS_MAX, readParameters } from './query-parameters';

const read = (query: string): object => ({ ...readParameters(query) });

describe('The parameters of a URL', () => {
  it.each([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a&b=&=c', { a: '', b: '', '': 'c' }],
    ['&&a=1&&', { a: '1' }],
    ['a=1&b=2&a=3&a=', { a: ['1', '3', ''], b: '2' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=b%3Dc%26d', { a: 'b=c&d' }],
    ['a+b=c+d%2Be', { 'a b': 'c d+e' }],
    ['%C3%BC=%F0%9F%91%8B', { ü: '👋' }],
    ['a=100%&%zz=%', { a: '100%', '%zz': '%' }],
    ['ids[]=1&ids[]=2', { 'ids[]': ['1', '2'] }],
  ])('of %j are read as they are meant', (query, parameters) => {
    expect(read(query)).toEqual(parameters);
  });

  it('may have any name, and none is inherited', () => {
    const parameters = readParameters('constructor=1&__proto__=2');
    expect(Object.entries(parameters)).toEqual([
      ['constructor', '1'],
      ['__proto__', '2'],
    ]);
    expect([parameters['toString'], 'valueOf' in parameters]).toEqual([undefined, false]);
  });

  it('are the first ones, each time that a name is repeated counted', () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `n${n}`);
    expect(Object.keys(readParameters(names.join('&')))).toEqual(names.slice(0, PARAMETERS_MAX));
    expect(readParameters('a&'.repeat(20_000))['a']).toHaveLength(PARAMETERS_MAX);
  });
});
