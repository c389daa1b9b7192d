import { freePorts } from '../../apps/cluster/src/processes/free-ports';

export { freePorts };

export const freePort = async (): Promise<number> => (await freePorts(1))[0] ?? 0;
