/**
 * Tool annotations for clients: only what the sandbox really enforces, whatever the tools claim about themselves.
 * @param {import('../../../index.d.ts').Enforcement | undefined} enforcement
 * @param {readonly string[] | undefined} [ofTool] the flags of this tool
 * @returns {{ readOnlyHint?: true, openWorldHint?: false } | undefined}
 */
export function annotationsFrom(enforcement, ofTool) {
  if (enforcement?.level !== 'kernel') return undefined
  const permissions = ofTool ?? enforcement.permissions
  /** @param {string} flag */
  const allows = (flag) => permissions.some((given) => given === flag || given.startsWith(`${flag}=`))
  if (allows('--allow-all') || allows('-A') || allows('--allow-net')) return undefined
  return allows('--allow-write') ? { openWorldHint: false } : { readOnlyHint: true, openWorldHint: false }
}
