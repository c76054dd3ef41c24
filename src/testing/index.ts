export { fakeClock, type FakeClock } from './fake-clock.ts';
export { startRangeServer, type RangeFault, type RangeServer, type RangeServerOptions, type RangeServerRequest } from './range-server.ts';
