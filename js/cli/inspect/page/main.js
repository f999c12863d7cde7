/** The page: the state that the command sends is kept here and shown by the other files. */

import { Chart } from './chart.js'
import { ask, connect } from './connection.js'
import { byId, say } from './dom.js'
import { ExecutionView } from './execution.js'
import { ToolForm } from './form.js'
import { showHistory } from './history.js'
import { showPermissions } from './permissions.js'
import { ToolList } from './tools.js'

/** As many as the command keeps. */
const KEPT = 100

/** @type {{ executions: any[] }} */
let state = { executions: [] }
/** @type {ToolForm | undefined} */
let form
/** The tool that is shown. @type {string | undefined} */
let chosen

const view = new ExecutionView(byId('execution'), (id) => tools.find(id), () => byId('run')?.focus())
const memory = new Chart(byId('charts'), 'memory', (bytes) => `${Math.round(bytes / 1024 / 1024)} MiB`)
const processes = new Chart(byId('charts'), 'processes', String)
const tools = new ToolList((tool) => {
  showTool(tool)
  view.clear()
  refreshHistory()
  form?.focus()
})

function refreshHistory() {
  showHistory(state.executions, view.id, (execution) => {
    const tool = tools.find(execution.tool)
    if (tool !== undefined && chosen !== execution.tool) showTool(tool)
    view.show(execution)
    refreshHistory()
    byId('execution').scrollIntoView({ block: 'nearest' })
  })
}

/** @param {any} tool */
function showTool(tool) {
  chosen = tool.id
  showPermissions(tool.list)
  say(byId('tool-name'), tool.id)
  say(byId('tool-description'), tool.description ?? '')
  form = new ToolForm(byId('form'), tool, async (input, timeout) => {
    const { id } = await ask('run', { tool: tool.id, input, timeout })
    const begun = state.executions.find((execution) => execution.id === id)
    if (begun !== undefined) view.show(begun)
    else view.wait(id)
    refreshHistory()
  })
}

/** @param {any} execution */
function keep(execution) {
  const at = state.executions.findIndex(({ id }) => id === execution.id)
  if (at >= 0) state.executions[at] = execution
  else state.executions = [execution, ...state.executions].slice(0, KEPT)
  if (view.id === execution.id) view.show(execution)
  refreshHistory()
}

/** @type {Record<string, (event: any) => void>} */
const on = {
  state(event) {
    state = event
    say(byId('entrypoint'), event.entrypoint)
    say(byId('level'), event.level === 'kernel' ? 'enforced by the kernel' : 'nothing is enforced')
    byId('level').dataset.level = event.level
    tools.show(event.tools)
    showPermissions(tools.find(chosen ?? '')?.list ?? [])
    if (form === undefined && event.tools.length > 0) showTool(event.tools[0])
    const shown = event.executions.find((/** @type {any} */ { id }) => id === view.id)
    if (shown !== undefined) view.show(shown)
    refreshHistory()
  },
  execution: ({ execution }) => keep(execution),
  line({ id, line }) {
    state.executions.find((execution) => execution.id === id)?.lines.push(line)
    if (view.id === id) view.add(line)
  },
  sample(event) {
    memory.add(event.memory)
    processes.add(event.processes)
  },
}

connect(
  (event) => on[event.type]?.(event),
  (connected) => {
    say(byId('connection'), connected ? '' : 'no connection to the command; trying again')
  },
)
