import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What the tests need from Debian: the package and a file that it brings. */
export const debianPackages = [
  // A verifier of argon2 strings that shares no code with ours.
  { name: 'python3-argon2', file: '/usr/lib/python3/dist-packages/argon2/__init__.py' },
  // An authenticator that shares no code with ours.
  { name: 'oathtool', file: '/usr/bin/oathtool' },
  // Reads QR codes, from screenshots too.
  { name: 'zbar-tools', file: '/usr/bin/zbarimg' },
  // A real browser for the pages of the example.
  { name: 'chromium', file: '/usr/bin/chromium' },
  // Debian may start one of its own: no test uses that.
  { name: 'redis-server', file: '/usr/bin/redis-server' },
  // The same. The folder's name is the version, another one in each Debian.
  { name: 'postgresql', file: '/usr/lib/postgresql/*/bin/postgres' },
] as const satisfies readonly { readonly name: string; readonly file: string }[];

export type DebianPackage = (typeof debianPackages)[number]['name'];

/** Whether the package is there. Looks at a file, since asking dpkg takes longer than the rest of the script. */
export function isInstalled(name: DebianPackage): boolean {
  return debianPackages.some((wanted) => wanted.name === name && (wanted.name === 'postgresql' ? postgresPrograms() !== undefined : existsSync(wanted.file)));
}

/** The folder of the newest PostgreSQL's programs; undefined where there is no server, but a client at most. */
export function postgresPrograms(versions = '/usr/lib/postgresql'): string | undefined {
  if (!existsSync(versions)) return undefined;
  const newestFirst = readdirSync(versions).sort((one, other) => Number(other) - Number(one));
  return newestFirst.map((version) => join(versions, version, 'bin')).find((folder) => existsSync(join(folder, 'postgres')));
}

/** The world as {@link installPackages} sees it. */
export interface Machine {
  isInstalled(name: DebianPackage): boolean;
  /** Why nothing may be installed here, or undefined where it may. */
  readonly obstacle: string | undefined;
  /** Whether apt knows any package at all: a slim image comes without lists. */
  readonly hasPackageLists: boolean;
  /** Runs apt-get with these arguments; answers whether it succeeded. */
  aptGet(args: readonly string[]): boolean;
  print(line: string): void;
}

/** Installs what is missing where it may, and names in one line each what stays missing. Silent when all is there. */
export function installPackages(machine: Machine): void {
  const missing = debianPackages.map(({ name }) => name).filter((name) => !machine.isInstalled(name));
  if (missing.length === 0) return;
  const why = machine.obstacle ?? install(machine, missing);
  for (const name of missing.filter((each) => !machine.isInstalled(each))) {
    machine.print(`Debian package ${name} is missing (${why ?? 'apt-get left it out'}); the tests that need it are skipped.`);
  }
}

function install(machine: Machine, missing: readonly string[]): string | undefined {
  machine.print(`Installing ${missing.join(', ')} with apt-get, once; this takes a minute.`);
  const attempt = (): boolean => machine.aptGet(['install', '-y', '--no-install-recommends', ...missing]);
  if (!machine.hasPackageLists) machine.aptGet(['update']);
  if (attempt()) return undefined;
  // Stale lists name versions that the mirror no longer has.
  machine.aptGet(['update']);
  return attempt() ? undefined : 'apt-get failed';
}

/** Whether apt's folder of package lists holds any. */
export function hasPackageLists(folder = '/var/lib/apt/lists'): boolean {
  return existsSync(folder) && readdirSync(folder).some((file) => file.includes('_Packages'));
}
