/**
 * What a flag lets a tool change. Every flag of src/config/permissions/bun.rs is listed, and a test compares the two, so that
 * somebody decides about a new one. Until then a tool with a flag that is not listed gets no annotations.
 *
 * - "nothing": the tool stays without effects outside of its process. Programs that it starts have its permissions.
 * - "files": it may change files of this machine.
 * - "anything": it may have effects that nobody can name, such as those of a request to a server.
 * @type {Readonly<Record<string, 'nothing' | 'files' | 'anything'>>}
 */
export const CHANGES = {
  '--allow-read': 'nothing',
  '--deny-read': 'nothing',
  '--allow-write': 'files',
  '--deny-write': 'nothing',
  '--allow-net': 'anything',
  '--deny-net': 'nothing',
  '--allow-env': 'nothing',
  '--deny-env': 'nothing',
  '--allow-run': 'nothing',
  '--deny-run': 'nothing',
  '--allow-all': 'anything',
}

/**
 * Tool annotations for clients: only what the sandbox really enforces, whatever the tools claim about themselves. The flags
 * are in the form that `enforcement` shows, which is the long one for either runtime.
 * @param {import('../../../index.d.ts').Enforcement | undefined} enforcement
 * @param {readonly string[] | undefined} [ofTool] the flags of this tool
 * @returns {{ readOnlyHint?: true, openWorldHint?: false } | undefined}
 */
export function annotationsFrom(enforcement, ofTool) {
  if (enforcement?.level !== 'kernel') return undefined
  const flags = ofTool ?? enforcement.permissions
  const changes = new Set(flags.map((flag) => CHANGES[/** @type {string} */ (flag.split('=', 1)[0])] ?? 'anything'))
  if (changes.has('anything')) return undefined
  return changes.has('files') ? { openWorldHint: false } : { readOnlyHint: true, openWorldHint: false }
}
