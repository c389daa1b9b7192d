interface Wanted {
  readonly port: number;
  readonly bind: string;
}

/** Why the service cannot listen where it is told to: the variable at fault, what it got and what is wrong with that. */
export function listenFault({ code = '', message }: NodeJS.ErrnoException, { port, bind }: Wanted): string {
  switch (code) {
    case 'EADDRINUSE':
      return `PORT is ${port}, but that port of ${bind} is taken: somebody else listens there (${code}).`;
    case 'EACCES':
      return `PORT is ${port}, but this process may not listen on that port of ${bind} (${code}).`;
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `BIND is ${JSON.stringify(bind)}, but that is no address of this machine (${code}).`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `BIND is ${JSON.stringify(bind)}, but that is no address, and no address was found for that name (${code}).`;
    default:
      return `Nobody can listen on port ${port} (PORT) of ${JSON.stringify(bind)} (BIND): ${message}.`;
  }
}
