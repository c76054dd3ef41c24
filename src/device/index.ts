export type { Browser, Devices, DevicesOptions, KnownDevice, Recognition } from './device.ts';
