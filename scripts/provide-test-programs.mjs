// The tests start programs that npm does not provide. This says nothing when they are there, installs them where it
// may, and otherwise says what is missing and how to get it.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const PROGRAMS = [
  { program: 'redis-server', debian: 'redis-server', homebrew: 'redis' },
  { program: 'oathtool', debian: 'oathtool', homebrew: 'oath-toolkit' },
]

// Packages of servers start what they install, as a service of the whole machine; policy-rc.d says no to that.
// A broken package source is no reason to give up: the next one may have what is wanted.
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
apt-get install -y --no-install-recommends "$@"
`

const missing = () => PROGRAMS.filter(({ program }) => !isOnPath(program))

if (missing().length > 0) install()
if (missing().length > 0) {
  const names = (kind) =>
    missing()
      .map((program) => program[kind])
      .join(' ')
  console.error(`The tests need programs that are not on the PATH: ${names('program')}
  Debian, Ubuntu: sudo apt-get install ${names('debian')}
  macOS:          brew install ${names('homebrew')}
  elsewhere:      Redis (https://redis.io) and the OATH Toolkit (https://www.nongnu.org/oath-toolkit)`)
  process.exit(1)
}

function install() {
  const packages = (kind) => missing().map((program) => program[kind])
  if (process.platform === 'darwin' && isOnPath('brew')) {
    run('brew', ['install', ...packages('homebrew')])
  } else if (process.platform === 'linux' && isOnPath('apt-get')) {
    const asRoot = process.getuid() === 0 ? [] : ['sudo', '-n']
    const mayInstall = asRoot.length === 0 || (isOnPath('sudo') && run('sudo', ['-n', 'true'], 'ignore'))
    const [command, ...rest] = [...asRoot, '/bin/sh', '-c', APT_INSTALL, 'install', ...packages('debian')]
    if (mayInstall) run(command, rest)
  }
}

function run(command, options, output = 'inherit') {
  return spawnSync(command, options, { stdio: ['ignore', output, output] }).status === 0
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}
