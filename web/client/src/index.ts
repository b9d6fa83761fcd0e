export { connect, connectionOptions, type Connection, type ConnectionOptions } from './connection.ts';
export { connections, keyless, possibleTypes } from './generated/schema.ts';
export { Resume } from './resume.ts';
export { ConnectionState, type ConnectionStatus } from './state.ts';
export { subscribe, type ResultSink } from './subscribe.ts';
export { unwrap, UserErrors, type Unwrapped, type UserError } from './unwrap.ts';
