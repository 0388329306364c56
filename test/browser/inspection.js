// What somebody who looks closely finds wrong with a page, beyond what axe-core can know. Tests put it into each page;
// every check answers with what is wrong, in words.

globalThis.inspection = (() => {
  const all = (selector) => [...document.querySelectorAll(selector)]
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0
  const shown = (selector) => all(selector).filter(isShown)
  const textOf = (element) => element.textContent.replace(/\s+/g, ' ').trim()
  const nameOf = (element) => [...(element.labels ?? [])].map(textOf).join(' ') || textOf(element)
  const called = (element) => `${element.localName} "${nameOf(element)}"`
  const faultsOf = (elements, faultOf) =>
    elements.flatMap((element) => faultOf(element) || []).map((fault) => String(fault))

  const FIELDS = 'input:not([type="hidden"])'
  const STOPS = `a[href], button, ${FIELDS}, summary, [tabindex]`
  const BUTTONS = 'button, .button'

  /** Red, green, blue and alpha, each from 0 to 1. */
  function channels(colour) {
    const [red, green, blue, alpha = 1] = colour.match(/\d[\d.e-]*/g).map(Number)
    const most = colour.startsWith('rgb') ? 255 : 1
    return [red / most, green / most, blue / most, alpha]
  }
  /** WCAG 2.2, relative luminance. */
  function luminance([red, green, blue]) {
    const linear = (share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }
  /** WCAG 2.2, contrast ratio; 1 for what cannot be seen at all. */
  function contrast(colour, ground) {
    const behind = channels(ground)
    const [, , , alpha] = channels(colour)
    const seen = channels(colour).map((channel, index) => channel * alpha + behind[index] * (1 - alpha))
    const [dark, light] = [luminance(seen), luminance(behind)].sort((a, b) => a - b)
    return (light + 0.05) / (dark + 0.05)
  }
  /** The colour behind an element. */
  function groundOf(element) {
    for (let behind = element.parentElement; behind; behind = behind.parentElement) {
      const { backgroundColor } = getComputedStyle(behind)
      if (channels(backgroundColor)[3] === 1) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }

  /** Where the text of an element begins and ends on its first line. */
  function firstLine(element) {
    const range = document.createRange()
    range.selectNodeContents(element)
    const [first, ...rest] = range.getClientRects()
    if (!first) return
    const parts = [first, ...rest].filter(({ top, bottom }) => top < first.bottom && bottom > first.top)
    return {
      left: Math.min(...parts.map(({ left }) => left)),
      right: Math.max(...parts.map(({ right }) => right)),
    }
  }

  return {
    /** WCAG 2.4.2, 3.1.1, 1.4.4: what the page is, in which language, and that it can be made larger. */
    identity(language, direction, application) {
      const { documentElement: root, title } = document
      const [heading, ...more] = all('h1').map(textOf)
      const zoom = document.querySelector('meta[name="viewport"]').content
      return [
        root.lang !== language && `lang is "${root.lang}"`,
        root.dir !== direction && `dir is "${root.dir}"`,
        (!heading || more.length > 0) && `${all('h1').length} h1`,
        title !== `${heading} · ${application}` && `the title is "${title}"`,
        /user-scalable|maximum-scale/.test(zoom) && `zoom is limited: ${zoom}`,
      ].filter(Boolean)
    },

    /** WCAG 1.3.1, 2.4.6: headings in order, one below the other. */
    headings() {
      const levels = all('h1, h2, h3, h4, h5, h6').map(({ localName }) => Number(localName[1]))
      return levels
        .map((level, index) => [levels[index - 1] ?? 0, level])
        .filter(([before, level]) => level > before + 1)
        .map(([before, level]) => `h${level} after h${before}`)
    },

    /** WCAG 3.3.2, 1.3.5: each field has a label that is seen, and says what it takes. */
    fields() {
      return faultsOf(shown(FIELDS), (field) => {
        const [label, ...more] = field.labels
        const { width = 0, height = 0 } = label?.getBoundingClientRect() ?? {}
        if (more.length > 0 || !label || textOf(label) === '' || width < 24 || height < 16)
          return `no label is seen at the field "${field.name}"`
        return (
          field.name === 'code' && field.autocomplete !== 'one-time-code' && `${called(field)}: autocomplete`
        )
      })
    },

    /** Whatever an element refers to is there, once. */
    references() {
      const ATTRIBUTES = ['for', 'aria-describedby', 'aria-labelledby', 'aria-controls', 'data-copy']
      const referred = ATTRIBUTES.flatMap((attribute) =>
        all(`[${attribute}]`).flatMap((element) => element.getAttribute(attribute).split(' ')),
      )
      const ids = all('[id]').map(({ id }) => id)
      return [
        ...referred.filter((id) => !ids.includes(id)).map((id) => `nothing is called #${id}`),
        ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `two are called #${id}`),
      ]
    },

    /**
     * WCAG 3.3.1, 4.1.3: one error, read out; where it is a field's, with the field, which has the focus.
     *
     * @param of - the name of the field, `page` for an error of no field, or undefined for none
     */
    errors(of) {
      const alerts = shown('[role="alert"]').filter((alert) => textOf(alert) !== '')
      const invalid = shown('[aria-invalid="true"]')
      if (alerts.length !== (of ? 1 : 0)) return [`${alerts.length} alerts`]
      if (invalid.map(({ name }) => name).join() !== (of && of !== 'page' ? of : ''))
        return [`invalid: ${invalid.map(called).join() || 'nothing'}`]
      return faultsOf(invalid, (field) => [
        ...(field.getAttribute('aria-describedby') === alerts[0].id
          ? []
          : [`${called(field)} names no error`]),
        ...(field === document.activeElement ? [] : [`the focus is on ${called(document.activeElement)}`]),
      ])
    },

    /** WCAG 4.1.3: what was done is read out. */
    statuses: (wanted) => {
      const said = shown('[role="status"]').filter((status) => textOf(status) !== '')
      return said.length === (wanted ? 1 : 0) ? [] : [`${said.length} status messages`]
    },

    /** WCAG 2.4.4, 2.4.6: what looks alike can be told apart by ear. */
    names() {
      return [BUTTONS, 'a:not(.button)', 'summary'].flatMap((kind) => {
        const names = shown(kind).map(nameOf)
        return names.filter((name, index) => name === '' || names.indexOf(name) !== index)
      })
    },

    /** WCAG 2.4.7, 1.4.11: wherever the focus is, it is seen. To be asked after a key was pressed. */
    focus() {
      return faultsOf(shown(STOPS), (element) => {
        element.focus()
        const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element)
        if (document.activeElement !== element) return `${called(element)} takes no focus`
        const isSeen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
        return (
          !(isSeen && contrast(outlineColor, groundOf(element)) >= 3) && `${called(element)}: focus unseen`
        )
      })
    },

    /** WCAG 1.4.11: what can be pressed and filled in has an edge, of its own colour or around it. */
    edges(areBordersNeeded = false) {
      return faultsOf(shown(`${BUTTONS}, ${FIELDS}:not([type="checkbox"])`), (element) => {
        const { borderTopColor, borderTopStyle, borderTopWidth, backgroundColor } = getComputedStyle(element)
        const hasBorder =
          borderTopStyle === 'solid' &&
          parseFloat(borderTopWidth) >= 1 &&
          contrast(borderTopColor, groundOf(element)) >= 3
        const isText = element.matches('.link')
        const isEnough =
          hasBorder || (!areBordersNeeded && (isText || contrast(backgroundColor, groundOf(element)) >= 3))
        return !isEnough && `${called(element)}: no edge`
      })
    },

    /** WCAG 2.5.8: 24 by 24 pixels. */
    targets() {
      return faultsOf(shown(STOPS), (element) => {
        const { width, height } = element.getBoundingClientRect()
        return Math.min(width, height) < 23.9 && `${called(element)}: ${width} by ${height}`
      })
    },

    /** Texts begin where their language does; codes and keys run from left to right in all of them. */
    directions(direction) {
      const texts = faultsOf(shown('h1, h2, h3, main > p, section > p, label'), (element) => {
        const style = getComputedStyle(element)
        const box = element.getBoundingClientRect()
        const line = firstLine(element)
        if (!line || element.matches(':has(code, .button, img)')) return
        const gap = direction === 'rtl' ? box.right - line.right : line.left - box.left
        const own = parseFloat(style.paddingInlineStart) + parseFloat(style.borderInlineStartWidth)
        return Math.abs(gap - own) > 2 && `${called(element)} begins ${gap} pixels late`
      })
      const codes = faultsOf(shown('code, .codes, input.code'), (element) => {
        const { direction: own, display, unicodeBidi } = getComputedStyle(element)
        const isApart = display !== 'inline' || unicodeBidi.includes('isolate') || element.closest('.codes')
        return !(own === 'ltr' && isApart) && `${called(element)} runs ${own}`
      })
      const names = faultsOf(shown('input[name="label"]'), (field) => field.dir !== 'auto' && called(field))
      return [...texts, ...codes, ...names]
    },

    /** WCAG 2.3.3: nothing moves by itself. */
    motion() {
      const moving = all('*').filter((element) =>
        [undefined, '::before', '::after'].some((part) => {
          const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element, part)
          return animationName !== 'none' || /[1-9]/.test(transitionDuration) || scrollBehavior === 'smooth'
        }),
      )
      return [...moving.map(called), ...document.getAnimations().map(({ id }) => `animation ${id}`)]
    },

    /** WCAG 1.4.10, 1.4.12: nothing is cut off, and nothing needs to be scrolled sideways. */
    overflow() {
      const { clientWidth, scrollWidth } = document.documentElement
      const wide = scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide in ${clientWidth}`] : []
      const elements = shown('main *').filter((element) => !element.matches('.heard, input'))
      const cut = faultsOf(elements, (element) => {
        const { left, right } = element.getBoundingClientRect()
        if (left < -1 || right > clientWidth + 1) return `${called(element)} leaves the page`
        if (getComputedStyle(element).display === 'inline') return
        const { scrollWidth, clientWidth: width, scrollHeight, clientHeight: height } = element
        return (scrollWidth > width + 1 || scrollHeight > height + 1) && `${called(element)} leaves its box`
      })
      return [...wide, ...cut]
    },

    /** WCAG 1.4.12: as people space texts who read them better so. No policy forbids it to the browser itself. */
    spaceOut() {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`)
      document.adoptedStyleSheets = [sheet]
    },
    setBack() {
      document.adoptedStyleSheets = []
    },

    /** Dress the page in another theme. */
    async wear(styleSheet) {
      const worn = document.querySelector('link[rel="stylesheet"]')
      if (worn.getAttribute('href') === styleSheet) return
      const link = Object.assign(worn.cloneNode(), { href: styleSheet })
      const loaded = new Promise((resolve, reject) =>
        Object.assign(link, { onload: resolve, onerror: reject }),
      )
      worn.after(link)
      await loaded
      worn.remove()
    },

    /** What has the focus, by its name; with what is wrong about that. */
    focused() {
      const element = document.activeElement
      if (element === document.body) return 'the page'
      const isSeen = isShown(element) && getComputedStyle(element).outlineStyle !== 'none'
      return `${called(element)}${isSeen ? '' : ' unseen'}`
    },

    /** What the focus should reach, in the order of reading. */
    stops: () => shown(STOPS).map(called),
    orders: () => faultsOf(all('[tabindex]'), (element) => element.tabIndex > 0 && called(element)),
  }
})()
