/** What a version is said to be in the places where it stands. */
export interface Release {
  /** Such as `v1.2.3`. */
  readonly tag: string
  readonly packageVersion: string
  /** Of the OpenAPI document. */
  readonly documentVersion: string
  readonly changelog: string
  /** Where the sources are; provenance is refused without. */
  readonly repository: string | undefined
}

/** What keeps a version from being published, one line each; none when all is well. */
export function obstacles(release: Release): readonly string[] {
  const { tag, packageVersion, documentVersion, changelog, repository } = release
  const version = tag.replace(/^v/, '')
  const headings = Array.from(changelog.matchAll(/^## \[(\S+)\] - \d{4}-\d{2}-\d{2}$/gm), ([, name]) => name)
  return [
    ...(/^v\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(tag) ? [] : [`${tag} is no tag of a version, such as v1.2.3.`]),
    ...(packageVersion === version ? [] : [`package.json has the version ${packageVersion}.`]),
    ...(documentVersion === version ? [] : [`lib/express/openapi.ts has the version ${documentVersion}.`]),
    ...(headings.includes(version)
      ? []
      : [`CHANGELOG.md has no heading "## [${version}] - ", with its day.`]),
    ...(repository === undefined || repository === '' ? ['package.json has no repository.url.'] : []),
  ]
}
