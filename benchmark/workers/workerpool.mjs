/** The worker's side of the workerpool contestant: registers the tools of the given entrypoint. */

import { pathToFileURL } from 'node:url'
import workerpool from 'workerpool'

const tools = await import(pathToFileURL(process.env.BENCHMARK_ENTRYPOINT).href)
workerpool.worker({ add: tools.add })
