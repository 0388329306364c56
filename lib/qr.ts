import QRCode from 'qrcode'

/**
 * Measured for time on the event loop: without row filters, and at the fastest deflate level, a PNG costs about a
 * quarter of qrcode's defaults, for a few more bytes.
 */
const FAST_PNG = { deflateLevel: 1, deflateStrategy: 0, filterType: 0 }

/** A key URI as a QR code, a `data:image/png;base64,` URL. */
export async function qrCodeDataUrl(uri: string): Promise<string> {
  // One byte segment spares qrcode the search for the densest mix of modes.
  const png = await QRCode.toBuffer([{ data: Buffer.from(uri), mode: 'byte' }], {
    errorCorrectionLevel: 'M',
    margin: 4,
    scale: 3,
    rendererOpts: FAST_PNG,
  })
  return `data:image/png;base64,${png.toString('base64')}`
}
