import { describe, expect, it } from 'vitest';
import { debianPackages, installPackages, type Machine } from '../../scripts/debian.ts';

const names = debianPackages.map(({ name }) => name);

/** A machine where apt-get succeeds from its `worksFrom`-th install on. */
function setup(options: { readonly obstacle?: string; readonly lists?: boolean; readonly installed?: boolean; readonly worksFrom?: number } = {}) {
  const ran: string[] = [];
  const printed: string[] = [];
  let installed = options.installed ?? false;
  let installs = 0;
  const machine: Machine = {
    isInstalled: () => installed,
    obstacle: options.obstacle,
    hasPackageLists: options.lists ?? true,
    aptGet(args) {
      ran.push(args.join(' '));
      if (args[0] !== 'install') return true;
      installs += 1;
      installed = installs >= (options.worksFrom ?? 1);
      return installed;
    },
    print: (line) => printed.push(line),
  };
  installPackages(machine);
  return { ran, printed };
}

const install = `install -y --no-install-recommends ${names.join(' ')}`;

describe('the Debian packages that tests need', () => {
  it('says and does nothing when all are there', () => {
    expect(setup({ installed: true })).toEqual({ ran: [], printed: [] });
  });

  it('installs what is missing in one call', () => {
    expect(setup().ran).toEqual([install]);
  });

  it('fetches the package lists first where there are none', () => {
    expect(setup({ lists: false }).ran).toEqual(['update', install]);
  });

  it('fetches the lists anew and tries once more when the first try fails', () => {
    expect(setup({ worksFrom: 2 }).ran).toEqual([install, 'update', install]);
  });

  it('names each missing package in one line and goes on where it may not install', () => {
    const { ran, printed } = setup({ obstacle: 'only root may' });
    expect(ran).toEqual([]);
    expect(printed).toEqual(names.map((name) => `Debian package ${name} is missing (only root may); the tests that need it are skipped.`));
  });

  it('names each missing package when apt-get fails twice', () => {
    const { ran, printed } = setup({ worksFrom: 3 });
    expect(ran).toEqual([install, 'update', install]);
    expect(printed.slice(1)).toEqual(names.map((name) => `Debian package ${name} is missing (apt-get failed); the tests that need it are skipped.`));
  });
});
