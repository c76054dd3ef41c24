let net: typeof import('node:net') | undefined;

/** 4, 6, or 0 for what is no address. `node:net` is loaded by the first call: it would be a tenth of loading the package. */
export function ipVersion(address: string): number {
  net ??= process.getBuiltinModule('node:net');
  return net.isIP(address);
}
