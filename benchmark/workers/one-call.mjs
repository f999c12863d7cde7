/** One call per process, written by hand: entrypoint, tool and input come as arguments, and the answer is printed. */

const [entrypoint, toolId, input] = process.argv.slice(2)
const tools = await import(entrypoint)
console.log(JSON.stringify(await tools[toolId](JSON.parse(input))))
