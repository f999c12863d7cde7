import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch } from 'puppeteer-core'

/** Chromium's own sandbox needs namespaces, which no sandboxed process gets; what it shares then lies in files. */
export async function job({ chromium }) {
  const browser = await launch({
    executablePath: chromium,
    pipe: true,
    userDataDir: mkdtempSync(join(tmpdir(), 'profile-')),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-zygote'],
  })
  try {
    const page = await browser.newPage()
    await page.setContent('<title>hello</title><p>word</p>')
    const picture = await page.screenshot()
    return [await page.title(), Buffer.from(picture).subarray(1, 4).toString()]
  } finally {
    await browser.close()
  }
}
