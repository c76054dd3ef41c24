// Installs what the tests need from Debian, where it may. Run first by `npm test`; never fails.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hasPackageLists, installPackages, isInstalled } from './debian.ts';

const aptGet = '/usr/bin/apt-get';
const aptOptions = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Retries=1'];

function obstacle(): string | undefined {
  if (!existsSync(aptGet)) return 'there is no apt-get here';
  return process.getuid?.() === 0 ? undefined : 'only root may install it: apt-get install it yourself';
}

installPackages({
  isInstalled,
  obstacle: obstacle(),
  hasPackageLists: hasPackageLists(),
  aptGet(args) {
    const { status, stderr } = spawnSync(aptGet, [...aptOptions, ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: 300_000,
    });
    if (status !== 0) console.error(stderr.trim().split('\n').slice(-3).join('\n'));
    return status === 0;
  },
  print: console.log,
});
