export * from './channel-name';
export * from './errors';
export * from './events';
export * from './rows';
