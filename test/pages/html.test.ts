import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Html, html } from '../../lib/pages/html.js'
import { Page } from '../support/page-forms.js'

/** The formatter knows the other name, and would change what is in it. */
const piece = html

describe('the tag html', () => {
  it('escapes every sign that means something to HTML, in texts and in attributes', () => {
    const markup = `<a href="x">&'\``
    expect(html`<p title="${markup}">${markup}</p>`.text).to.equal(
      '<p title="&#60;a href=&#34;x&#34;&#62;&#38;&#39;&#96;">&#60;a href=&#34;x&#34;&#62;&#38;&#39;&#96;</p>',
    )
  })

  it('leaves pieces that it has made as they are, and lists of them', () => {
    const items = ['<', 'b'].map((text) => piece`<li>${text}</li>`)
    expect(piece`<ul>${items}</ul>${piece`<hr>`}`.text).to.equal('<ul><li>&#60;</li><li>b</li></ul><hr>')
    expect(piece`${[]}`.text).to.equal('')
  })

  it('takes nothing else for such a piece', () => {
    const forged = { text: '<script>', toString: () => '<script>' } as unknown as Html
    expect(() => html`${forged}`.text).to.throw(TypeError)
    const list = ['<script>'] as unknown as Html[]
    expect(html`${list}`.text).to.equal('&#60;script&#62;')
  })

  it('makes nothing of undefined and false, and text of numbers, nought too', () => {
    expect(html`${undefined}${false}${0}${7}${''}`.text).to.equal('07')
  })

  it('keeps backslashes and dollar signs', () => {
    expect(piece`\\${'$1 \\n $$'}`.text).to.equal('\\$1 \\n $$')
  })

  it('lets a browser read each text as it was', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...Array.from('<>&"\'`=/ -!a;#x')) }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const page = new Page(
          html`<!doctype html>
            <p title="${text}">a${text}z</p>`.text,
        )
        expect(page.elements).to.have.length(1)
        expect(page.the('title').attributes).to.deep.equal({ title: text })
        expect(page.the('title').text).to.equal(`a${text}z`.replace(/\s+/g, ' ').trim())
      }),
    )
  })
})
