import { JSDOM } from 'jsdom'

export function job() {
  const { window } = new JSDOM('<ul><li>a</li></ul><script>document.querySelector("li").textContent += "!"</script>', { runScripts: 'dangerously' })
  return window.document.querySelector('li').textContent
}
