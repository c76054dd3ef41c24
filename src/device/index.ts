export type { Browser } from './browsers.ts';
export { deviceCookieName } from './contents.ts';
export type { DeviceEpochs } from './epochs.ts';
export { createDevices, deviceDefaults, type DeviceLogin, type Devices, type DevicesOptions, type KnownDevice, type Recognition, type RememberedDevice } from './device.ts';
