export type { ContractCase, MakeStore, StoreUnderTest } from './contract.ts';
export { counterStoreContract } from './counter-contract.ts';
export { evidenceStoreContract } from './evidence-contract.ts';
export { fakeClock, type FakeClock } from './fake-clock.ts';
export { startRangeServer, type RangeFault, type RangeServer, type RangeServerOptions, type RangeServerRequest } from './range-server.ts';
export { recordStoreContract } from './record-contract.ts';
