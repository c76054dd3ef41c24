import { below, type Stream } from './random.ts';

/** Where a session comes from. */
export const places = ['home', 'home-ipv6', 'cgnat', 'office', 'mobile-cgnat', 'mobile-ipv6', 'travel'] as const;
export type Place = (typeof places)[number];

/** Blocks of the address space that the population lives in; attackers' data centers lie outside them. */
const homeBlocks = 5_000;
const homeV6Blocks = 2_000;
const cgnatHomes = 20;
const mobileCgnat = 32;
const mobileV6Blocks = 16;

/** Textual IPv4 of a number below 2^32. */
export function ipv4(number: number): string {
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
}

const homeBase = (24 << 24) >>> 0;
const foreignBase = (80 << 24) >>> 0;

/** A home of its own in one of 5,000 /24s. */
export function homeV4(next: Stream): string {
  return ipv4(homeBase + below(next, homeBlocks) * 256 + 1 + below(next, 254));
}

/** One address in a /64 of its own, in one of 2,000 /48s. */
export function homeV6(next: Stream): string {
  return `2a02:${hex(0x1000 + below(next, homeV6Blocks))}:1:${hex(below(next, 65_536))}:${host(next)}`;
}

export function cgnatHome(next: Stream): string {
  return ipv4((100 << 24) + (70 << 16) + 1 + below(next, cgnatHomes) * 256);
}

export function officeV4(office: number): string {
  return ipv4((62 << 24) + (10 << 16) + office * 256 + 7);
}

export function mobileV4(next: Stream): string {
  return ipv4((100 << 24) + (90 << 16) + 1 + below(next, mobileCgnat) * 256);
}

/** A new /64 of one of four carriers with four /48s each. */
export function mobileV6(next: Stream): string {
  return `2a01:${hex(0x2000 + below(next, mobileV6Blocks))}:5:${hex(below(next, 65_536))}:${host(next)}`;
}

/** Anywhere else. */
export function foreignV4(next: Stream): string {
  return ipv4(foreignBase + below(next, 0x0800_0000));
}

/** An address of a /24 in which legitimate users live. */
export function neighbor(next: Stream): string {
  return homeV4(next);
}

/** The one-th address of a data center of attackers; `perBlock` of them share a /24. */
export function datacenterV4(one: number, perBlock = 5): string {
  return ipv4((45 << 24) + (80 << 16) + Math.floor(one / perBlock) * 256 + 10 + (one % perBlock));
}

/** The one-th /64 of the attackers' /48. */
export function rotatedV6(one: number): string {
  return `2a0e:97c0:7:${hex(one)}::1`;
}

/** A /64 of its own in one of many /48s: the `one`-th of a flood. */
export function floodV6(one: number): string {
  return `2a10:${hex(one >>> 12)}:${hex((one >>> 4) & 255)}:${hex(one & 0xf)}::1`;
}

function host(next: Stream): string {
  return `${hex(below(next, 65_536))}:${hex(below(next, 65_536))}:${hex(below(next, 65_536))}:${hex(1 + below(next, 65_535))}`;
}

function hex(number: number): string {
  return number.toString(16);
}
