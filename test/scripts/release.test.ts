import { expect } from 'chai'
import { describe, it } from 'mocha'
import { obstacles, type Release } from '../../scripts/release.js'

const RIGHT: Release = {
  tag: 'v1.2.3',
  packageVersion: '1.2.3',
  documentVersion: '1.2.3',
  changelog: '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2030-01-31\n',
  repository: 'git+https://example.com/express-2fa.git',
}

describe('a release', () => {
  it('may be published when tag, package, document and changelog have one version', () => {
    expect(obstacles(RIGHT)).to.deep.equal([])
  })

  const wrong: readonly (readonly [Partial<Release>, RegExp])[] = [
    [{ tag: '1.2.3' }, /is no tag of a version/],
    [{ packageVersion: '1.2.2' }, /^package\.json has the version 1\.2\.2/],
    [{ documentVersion: '0.1.0' }, /openapi\.ts has the version 0\.1\.0/],
    [{ changelog: '## [Unreleased]\n' }, /CHANGELOG\.md has no heading "## \[1\.2\.3\]/],
    [{ changelog: '## [1.2.3]\n' }, /CHANGELOG\.md has no heading/],
    [{ repository: '' }, /no repository\.url/],
  ]
  for (const [change, sentence] of wrong) {
    it(`may not with ${JSON.stringify(change)}`, () => {
      const found = obstacles({ ...RIGHT, ...change })
      expect(found).to.have.length(1)
      expect(found[0]).to.match(sentence)
    })
  }
})
