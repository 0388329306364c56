import { expect } from 'chai'
import { describe, it } from 'mocha'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtExample } from '../support/example.js'

describe('the example of a test', () => {
  const program = builtExample('testing-your-app')

  it('passes, and needs nothing for it', () => {
    const { status, output } = run(program)
    expect(output.match(/^ok: /gm), output).to.have.length(4)
    expect(status).to.equal(0)
  })

  it('fails for an application that holds nobody', () => {
    const source = readFileSync(program, 'utf8')
    const changed = source.replace(/^ *app\.use\(holdForSecondFactor.*$/m, '')
    expect(changed).not.to.equal(source)
    // Beside the original, where it finds the same packages.
    const broken = builtExample('testing-your-app-broken')
    writeFileSync(broken, changed)
    try {
      const { status, output } = run(broken)
      expect(output).to.contain('expected 303 "See Other", got 200 "OK"')
      expect(status).to.equal(1)
    } finally {
      rmSync(broken)
    }
  })
})

function run(program: string) {
  const { PATH = '' } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    env: { PATH },
  })
  return { status, output: stdout + stderr }
}
