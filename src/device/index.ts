export type { Browser } from './browsers.ts';
export { deviceCookieName } from './contents.ts';
export { createDevices, deviceDefaults, type Devices, type DevicesOptions, type KnownDevice, type Recognition } from './device.ts';
