// The tests start programs that npm does not provide. This says nothing when they are there, installs them where it
// may, and otherwise says what is missing and how to get it.
import { spawnSync } from 'node:child_process'
import { findProgram } from '../test/support/programs.js'

// Chromium brings no Japanese letters of its own: without a font for them, a screenshot shows boxes. For Homebrew it is
// a cask, which `brew install` finds by its name like anything else.
const PROGRAMS = [
  { program: 'redis-server', debian: 'redis-server', homebrew: 'redis' },
  { program: 'initdb', debian: 'postgresql', homebrew: 'postgresql@17' },
  { program: 'mariadbd', debian: 'mariadb-server-core', homebrew: 'mariadb' },
  { program: 'mariadb-install-db', debian: 'mariadb-server-core', homebrew: 'mariadb' },
  { program: 'oathtool', debian: 'oathtool', homebrew: 'oath-toolkit' },
  { program: 'chromium', debian: 'chromium fonts-vlgothic', homebrew: 'chromium' },
] as const

// Packages of servers start what they install, as a service of the whole machine; policy-rc.d says no to that.
// A broken package source is no reason to give up: the next one may have what is wanted. Nor is a package that there is
// not, as Ubuntu has no chromium: the others are wanted all the same.
const APT_INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update || true
apt-get install -y --no-install-recommends "$@" && exit
for package; do apt-get install -y --no-install-recommends "$package" || true; done
`

const missing = () => PROGRAMS.filter(({ program }) => findProgram(program) === undefined)
const namesOfMissing = (kind: keyof (typeof PROGRAMS)[number]) => [
  ...new Set(missing().map((program) => program[kind])),
]

if (missing().length > 0) install()
if (missing().length > 0) {
  console.error(`The tests need programs that were not found: ${namesOfMissing('program').join(' ')}
  Debian, Ubuntu: sudo apt-get install ${namesOfMissing('debian').join(' ')}
  macOS:          brew install ${namesOfMissing('homebrew').join(' ')}
  elsewhere:      Redis (https://redis.io), PostgreSQL (https://www.postgresql.org), MariaDB (https://mariadb.org),
                  the OATH Toolkit (https://www.nongnu.org/oath-toolkit) and Chromium (https://www.chromium.org)`)
  process.exit(1)
}

function install(): void {
  if (process.platform === 'darwin' && findProgram('brew') !== undefined) {
    run('brew', ['install', ...namesOfMissing('homebrew')])
  } else if (process.platform === 'linux' && findProgram('apt-get') !== undefined) {
    const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
    const mayInstall =
      asRoot.length === 0 || (findProgram('sudo') !== undefined && run('sudo', ['-n', 'true'], 'ignore'))
    const packages = namesOfMissing('debian').flatMap((names) => names.split(' '))
    const command = [...asRoot, '/bin/sh', '-c', APT_INSTALL, 'install', ...packages]
    if (mayInstall) run(command[0] ?? '', command.slice(1))
  }
}

function run(command: string, options: readonly string[], output: 'inherit' | 'ignore' = 'inherit'): boolean {
  return spawnSync(command, options, { stdio: ['ignore', output, output] }).status === 0
}
