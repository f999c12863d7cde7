/** One call per process, as one writes it by hand: entrypoint, tool and input come as arguments, the answer is printed. */

const [entrypoint, toolId, input] = process.argv.slice(2)
const tools = await import(entrypoint)
console.log(JSON.stringify(await tools[toolId](JSON.parse(input))))
