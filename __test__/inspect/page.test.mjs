/** The page of `toolwarden inspect` in a browser: a person's way through it, with the keyboard alone. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { chromium } from 'playwright-core'
import '../support/about-the-sandbox.mjs'
import { startInspect } from '../support/inspect.mjs'
import { HANG_BOUND } from '../support/settings.mjs'
import { workbench } from '../support/workbench.mjs'

const TOOLS = readFileSync(fileURLToPath(new URL('../fixtures/inspect/tools.mjs', import.meta.url)), 'utf8')
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

describe('The page of toolwarden inspect', () => {
  const bench = workbench()
  /** @type {Promise<import('playwright-core').Browser> | undefined} */
  let launched
  const browser = () => {
    const executablePath = BROWSERS.find((path) => existsSync(path))
    assert.ok(executablePath, 'a browser is installed: apt-get install chromium')
    // The browser's own sandbox needs user namespaces, which root in a container has not.
    return (launched ??= chromium.launch({ executablePath, args: ['--no-sandbox'] }))
  }
  after(async () => (await launched)?.close())

  /** Opens the page over a project with a note that no tool may read yet. */
  async function opened(use, { width = 1400, flags = ['--allow-read=./data'], settings = undefined } = {}) {
    const project = bench.project({ files: { 'app/tools.mjs': TOOLS, 'app/package.json': '{}', 'app/data/kept': '', 'note.txt': 'from elsewhere', 'app/app/kept': '', ...(settings === undefined ? {} : { 'app/toolwarden.json': settings }) } })
    const place = { dir: project.path('app'), path: project.path }
    const { cli, url } = await startInspect(place, flags, 'tools.mjs')
    const page = await (await browser()).newPage({ viewport: { width, height: 900 } })
    page.setDefaultTimeout(HANG_BOUND)
    const problems = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    const requests = []
    page.on('request', (request) => requests.push(request.url()))
    try {
      await page.goto(url)
      await page.getByRole('button', { name: /^weather/ }).waitFor()
      await use(page, { project, url })
      assert.deepEqual(problems, [])
      assert.deepEqual(requests.filter((asked) => !asked.startsWith(url) && !asked.startsWith('data:')), [])
    } finally {
      await page.close()
      cli.child.kill('SIGINT')
      await cli.ended()
    }
  }
  const standing = (page, word) => page.locator(`#execution .badge[data-standing="${word}"]`).waitFor()
  const press = async (page, ...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  /** Presses Tab until this has the focus. */
  async function tabTo(page, name) {
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    for (let presses = 0; presses < 40 && !(await focused()).startsWith(name); presses++) await press(page, 'Tab')
    assert.ok((await focused()).startsWith(name), `${name} can be reached with Tab`)
  }

  test('with the keyboard: find a tool, fill the form, run, see the denial, allow, run again, cancel a long one', async () => {
    await opened(async (page, { project }) => {
      const note = project.path('note.txt')
      await press(page, '/')
      await page.keyboard.type('reads a')
      await press(page, 'ArrowDown', 'Enter')
      assert.equal(await page.locator('#tool-name').textContent(), 'readNote')
      // The form's first field has the focus.
      await page.keyboard.type(note)
      await press(page, 'Enter')
      await standing(page, 'denied')
      assert.match(await page.locator('.denials').innerText(), new RegExp(`denied read ${note}\\n\\s*--allow-read=${note}`))
      await tabTo(page, 'Allow for this session')
      await press(page, 'Enter')
      await page.locator('#permissions code', { hasText: `--allow-read=${note}` }).waitFor()
      await page.waitForFunction(() => document.activeElement?.id === 'run')
      await press(page, 'Enter')
      await standing(page, 'success')
      assert.equal(await page.locator('.result').textContent(), '"from elsewhere"')
      assert.ok(!existsSync(project.path('app/toolwarden.json')))

      await press(page, '/', 'Control+A')
      await page.keyboard.type('count')
      await press(page, 'Enter', 'Control+Enter')
      await page.locator('.lines li', { hasText: 'counted to 3' }).waitFor()
      await page.locator('.lines li', { hasText: '"progress":2' }).waitFor()
      await tabTo(page, 'Cancel')
      await press(page, 'Enter')
      await standing(page, 'cancelled')
      assert.match(await page.locator('.legend').innerText(), /queue [\d.]+ ms\s+start [\d.]+ ms\s+run [\d.]+ m?s/)
      assert.deepEqual(await page.locator('#history strong').allTextContents(), ['count', 'readNote', 'readNote'])
      await page.waitForFunction(() => /[1-9]\d* MiB/.test(document.querySelector('#charts output')?.textContent ?? ''))
    })
  })

  test('always: toolwarden.json has the flag, and a page that is opened later has everything', async () => {
    await opened(async (page, { project, url }) => {
      await page.getByRole('button', { name: /^readNote/ }).click()
      await page.getByLabel('path').fill(project.path('note.txt'))
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Allow always' }).click()
      await page.locator('#permissions code', { hasText: 'note.txt' }).waitFor()
      await page.waitForFunction(() => document.activeElement?.id === 'run')
      const settings = JSON.parse(readFileSync(project.path('app/toolwarden.json'), 'utf8'))
      assert.ok(JSON.stringify(settings).includes(`--allow-read=${project.path('note.txt')}`), JSON.stringify(settings))
      await page.goto(url)
      await page.locator('#history button').click()
      await standing(page, 'denied')
      assert.match(await page.locator('.denials').innerText(), /allowed meanwhile/)
    })
  })

  test('a tool with permissions of its own: its entry gets the flag, and the page shows them', async () => {
    const settings = JSON.stringify({ bunPermissions: ['--allow-read=./app'], tools: { readNote: { bunPermissions: ['--allow-read=./data'] } } })
    await opened(
      async (page, { project }) => {
        const flag = `--allow-read=${project.path('note.txt')}`
        await page.getByRole('button', { name: /^weather/ }).click()
        assert.deepEqual(await page.locator('#permissions code').allTextContents(), ['--allow-read=./app'])
        await page.getByRole('button', { name: /^readNote/ }).click()
        assert.deepEqual(await page.locator('#permissions code').allTextContents(), ['--allow-read=./data'])
        await page.getByLabel('path').fill(project.path('note.txt'))
        await page.keyboard.press('Enter')
        await page.getByRole('button', { name: 'Allow always' }).click()
        await page.locator('#permissions code', { hasText: flag }).waitFor()
        await page.keyboard.press('Enter')
        await standing(page, 'success')
        const written = JSON.parse(readFileSync(project.path('app/toolwarden.json'), 'utf8'))
        assert.deepEqual(written, { bunPermissions: ['--allow-read=./app'], tools: { readNote: { bunPermissions: ['--allow-read=./data', flag] } } })
      },
      // Flags of the command line would replace every list of the file.
      { flags: [], settings },
    )
  })

  test('forms: numbers, choices, lists and objects become the input; what is wrong is said at the field', async () => {
    await opened(async (page) => {
      await page.getByRole('button', { name: /^weather/ }).click()
      await page.getByLabel('city').fill('Oslo')
      await page.getByLabel('days').fill('two')
      await page.keyboard.press('Enter')
      assert.equal(await page.getByRole('alert').textContent(), 'days takes a whole number')
      assert.equal(await page.getByLabel('days').getAttribute('aria-invalid'), 'true')
      await page.getByLabel('days').fill('1')
      await page.getByLabel('units').selectOption('fahrenheit')
      await page.getByLabel('wind').selectOption('false')
      for (const tag of ['coast', 'north']) {
        await page.getByRole('button', { name: 'Add to tags' }).click()
        await page.keyboard.type(tag)
      }
      await page.getByLabel('latitude').fill('59.9')
      await page.getByRole('button', { name: 'Run' }).click()
      await standing(page, 'success')
      const result = JSON.parse(await page.locator('.result').textContent())
      assert.deepEqual(result, { city: 'Oslo', units: 'fahrenheit', wind: false, tags: ['coast', 'north'], place: { latitude: 59.9 }, forecast: [{ day: 0, high: 14, sky: 'clear' }] })
      await page.getByRole('checkbox', { name: 'as JSON' }).check()
      const json = page.getByLabel('Input as JSON')
      assert.deepEqual(JSON.parse(await json.inputValue()).tags, ['coast', 'north'])
      await json.fill('{"days": 1}')
      await page.getByRole('button', { name: 'Run' }).click()
      await standing(page, 'error')
      assert.match(await page.locator('.error').innerText(), /city/)
      await page.getByRole('button', { name: /^anything/ }).click()
      await page.getByLabel('Input as JSON').fill('[1, ')
      await page.getByRole('button', { name: 'Run' }).click()
      assert.match(await page.getByRole('alert').textContent(), /^not JSON/)
    })
  })

  test('markup and control characters of a tool are text', async () => {
    await opened(async (page) => {
      await page.getByRole('button', { name: /^boom/ }).click()
      await page.getByRole('button', { name: 'Run' }).click()
      await standing(page, 'error')
      assert.match(await page.locator('.error').innerText(), /<img src=x onerror=.*\\u001b\[2J/)
      assert.match(await page.locator('.lines').innerText(), /<b>bold<\/b> \\u001b\[31mred\\u202e/)
      assert.equal(await page.title(), 'toolwarden inspect')
      assert.equal(await page.locator('.error img, .lines b').count(), 0)
      assert.match(await page.locator('#tool-description').innerText(), /markup \\u202ein its words$/)
      const field = page.getByRole('textbox', { name: /^\\u001bword/ })
      assert.equal(await field.getAttribute('placeholder'), String.raw`such as \u202ethis`)
    })
  })

  for (const width of [360, 1400]) {
    test(`nothing is wider than a screen of ${width} pixels`, async () => {
      await opened(
        async (page, { project }) => {
          await page.getByRole('button', { name: /^readNote/ }).click()
          await page.getByLabel('path').fill(`${project.path('note.txt')}`)
          await page.keyboard.press('Enter')
          await page.locator('#execution .badge[data-standing]').waitFor()
          await page.getByRole('button', { name: /^weather/ }).click()
          await page.getByLabel('city').fill('Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch'.repeat(3))
          await page.keyboard.press('Enter')
          await standing(page, 'success')
          const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
          assert.ok(wide <= screen, `${wide} pixels`)
        },
        { width },
      )
    })
  }
})
