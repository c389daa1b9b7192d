import { readAnswer, type Sight } from './sight';
import { short, sightKey, sightLine, tableLines } from './table';

const DCS = ['us-east-1', 'eu-west-1', 'ap-south-1'];

const BODY = JSON.stringify({
  'us-east-1': { authenticated: [{ id: 'ada' }, { id: 'ben' }], authenticatedCount: 2, anonymous: 1 },
  'eu-west-1': { authenticated: [], authenticatedCount: 0, anonymous: 0 },
  _total: { authenticated: 2, anonymous: 1 },
});

const sight = (age: number): Sight => ({
  dc: 'us-east-1',
  pod: 'us-east-1/1',
  ...readAnswer(`us-east-1=live, eu-west-1=stale;age=${age}, ap-south-1=missing`, BODY),
});
const dead: Sight = { dc: 'eu-west-1', seen: new Map() };
const dumb: Sight = { dc: 'ap-south-1', pod: 'ap-south-1/2', fault: 'does not answer', seen: new Map() };

describe('The table of who is where', () => {
  it('has a row for each data centre that is asked, and a column for each that it tells of', () => {
    expect(tableLines([sight(12), dead, dumb], DCS)).toEqual([
      'asked                         us-east-1             eu-west-1             ap-south-1  total',
      'us-east-1/1                   ada ben +1 anonymous  nobody (stale, 12 s)  missing     2 +1 anonymous',
      'eu-west-1: no pod lives       -                     -                     -           -',
      'ap-south-1/2 does not answer  -                     -                     -           -',
    ]);
  });

  it('is cut to the width of the terminal', () => {
    expect([short('who is where', 12), short('who is where', 6)]).toEqual(['who is where', 'who i…']);
  });

  it('shows a data centre that the pod does not know of', () => {
    const alone = { ...sight(0), ...readAnswer('us-east-1=live', BODY) };
    expect(sightLine(alone, DCS)).toBe(
      'us-east-1/1 sees us-east-1: ada ben +1 anonymous | eu-west-1: - | ap-south-1: - | total: 2 +1 anonymous',
    );
  });

  it('is a line for each data centre where there is no terminal', () => {
    expect([sight(12), dead, dumb].map((one) => sightLine(one, DCS))).toEqual([
      'us-east-1/1 sees us-east-1: ada ben +1 anonymous | eu-west-1: nobody (stale, 12 s) | ap-south-1: missing | total: 2 +1 anonymous',
      'eu-west-1: no pod lives',
      'ap-south-1/2 does not answer',
    ]);
  });

  it('does not change because time goes by', () => {
    expect(sightKey(sight(13), DCS)).toBe(sightKey(sight(12), DCS));
    expect(sightKey(dead, DCS)).not.toBe(sightKey(sight(12), DCS));
  });
});
