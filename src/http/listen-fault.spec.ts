import { listenFault } from './listen-fault';

describe('A service that cannot listen', () => {
  it.each([
    ['EADDRINUSE', /^PORT is 80, but that port of 192\.0\.2\.1 is taken: .*\(EADDRINUSE\)\.$/],
    ['EACCES', /^PORT is 80, but this process may not listen on .*\(EACCES\)\.$/],
    ['EADDRNOTAVAIL', /^BIND is "192\.0\.2\.1", but that is no address of this machine \(EADDRNOTAVAIL\)\.$/],
    ['ENOTFOUND', /^BIND is "192\.0\.2\.1", but .* no address was found for that name \(ENOTFOUND\)\.$/],
    ['EMFILE', /port 80 \(PORT\) of "192\.0\.2\.1" \(BIND\): what Node says\.$/],
  ])('says of %s which variable is wrong, and why', (code, said) => {
    const error = Object.assign(new Error('what Node says'), { code });

    expect(listenFault(error, { port: 80, bind: '192.0.2.1' })).toMatch(said);
  });
});
